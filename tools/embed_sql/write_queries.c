/* Writes the statements and scripts. */
#include "statement.h"
#include "write.h"

#include <string.h>

void
write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char) *text;

        if (c == '\n') {
            fputs(text[1] != '\0' ? "\\n\"\n    \"" : "\\n", out);
        } else if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 0x20 || c == '?' || c >= 0x7f) {
            fprintf(out, "\\%03o", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static void
write_statement(FILE *out, const Statement *statement, size_t index)
{
    if (statement->parameters_count > 0) {
        fprintf(out, "static const char *const parameters_%zu[] = {", index);
        for (size_t i = 0; i < statement->parameters_count; i++)
            fprintf(out, "\"%s\", ", statement->parameters[i]);
        fputs("};\n", out);
    }
    fprintf(out,
            "const Query query_%s = {\n    .name = \"%s\",\n    .file = \"sql/%s\",\n    .text = ",
            statement->name, statement->name, statement->file->path);
    write_string(out, statement->text);
    fputs(",\n", out);
    if (statement->parameters_count > 0)
        fprintf(out, "    .parameters = parameters_%zu,\n    .parameters_count = %zu,\n", index,
                statement->parameters_count);
    if (statement->into[0] != '\0')
        fprintf(out, "    .into = \"%s\",\n", statement->into);
    fprintf(out, "    .index = %zu,\n    .rows = ROWS_%s,\n", index,
            strcmp(statement->rows, "one") == 0    ? "ONE"
            : strcmp(statement->rows, "many") == 0 ? "MANY"
                                                   : "NONE");
    fprintf(out, "    .changes = %uu,\n};\n\n", statement->changes);
}

void
write_queries(const char *directory)
{
    char path[PATH_SIZE * 2];

    snprintf(path, sizeof path, "%s/queries.h", directory);
    FILE *header = fopen(path, "w");

    if (header == NULL)
        die("cannot write", path);
    snprintf(path, sizeof path, "%s/queries.c", directory);
    FILE *source = fopen(path, "w");

    if (source == NULL)
        die("cannot write", path);
    fputs("/* Made by tools/embed_sql from sql/; do not edit.  */\n#ifndef CIQ_QUERIES_H\n"
          "#define CIQ_QUERIES_H\n\n#include \"db/query.h\"\n\n",
          header);
    fputs("/* Made by tools/embed_sql from sql/; do not edit.  */\n#include \"db/queries.h\"\n\n",
          source);

    for (size_t i = 0; i < statements_count; i++) {
        fprintf(header, "extern const Query query_%s;\n", statements[i].name);
        write_statement(source, &statements[i], i);
    }
    fputs("const Query *const queries[] = {\n", source);
    for (size_t i = 0; i < statements_count; i++)
        fprintf(source, "    &query_%s,\n", statements[i].name);
    fprintf(source, "    NULL,\n};\nconst size_t queries_count = %zu;\n\n", statements_count);

    for (size_t i = 0; i < files_count; i++) {
        char name[NAME_SIZE];

        if (strncmp(files[i].path, "script/", 7) != 0)
            continue;
        base_name(&files[i], name);
        fprintf(header, "extern const Script script_%s;\n", name);
        fprintf(source, "const Script script_%s = {\n    .name = \"%s\",\n    .text = ", name,
                name);
        write_string(source, files[i].text);
        fputs(",\n};\n\n", source);
    }
    write_migrations(source, "shared");
    write_migrations(source, "tenant");
    fputs("\n#endif\n", header);
    if (fclose(header) != 0 || fclose(source) != 0)
        die("cannot write", directory);
}
