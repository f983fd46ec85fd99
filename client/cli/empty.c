/* to be written */
typedef int cli_empty;
