alter schema :"schema" rename to :"new_schema";
