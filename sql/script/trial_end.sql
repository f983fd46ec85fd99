-- What the commit of a new tenant would check.
set constraints all immediate;
