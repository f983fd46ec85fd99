drop index concurrently if exists :"schema".:"index"
