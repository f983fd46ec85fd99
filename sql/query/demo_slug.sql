-- A company's name as a schema name might be: Müller & Söhne GmbH is muller_sohne_gmbh.
-- rows: one
select trim(both '_' from
            regexp_replace(regexp_replace(lower(normalize(:arg.name, NFKD)), '[̀-ͯ]', '', 'g'),
                           '[^a-z0-9]+', '_', 'g')) as slug
