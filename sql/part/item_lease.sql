-- How long a claim outside a transaction lasts when nobody keeps it up.
interval '15 seconds'
