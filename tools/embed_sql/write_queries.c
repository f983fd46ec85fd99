/* Writes the statements and scripts. */
#include "write.h"

#include <string.h>

static void
write_statement(FILE *out, const Statement *statement, size_t index)
{
    if (statement->parameters_count > 0) {
        fprintf(out, "static const char *const parameters_%zu[] = {", index);
        for (size_t i = 0; i < statement->parameters_count; i++)
            fprintf(out, "\"%s\", ", statement->parameters[i].name);
        fputs("};\n", out);
    }
    fprintf(out, "static const QueryLine lines_%zu[] = {\n", index);
    for (size_t i = 0; i < statement->lines_count; i++)
        fprintf(out, "    {%zu, %zu, \"sql/%s\"},\n", statement->lines[i].at,
                statement->lines[i].line, statement->lines[i].file->path);
    fputs("};\n", out);
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
            statement->rows == ROWS_ONE    ? "ONE"
            : statement->rows == ROWS_MANY ? "MANY"
                                           : "NONE");
    fprintf(out, "    .changes = %uu,\n    .lines = lines_%zu,\n    .lines_count = %zu,\n};\n\n",
            statement->changes, index, statement->lines_count);
}

static void
write_statements(FILE *header, FILE *source, const Statements *statements)
{
    for (size_t i = 0; i < statements->count; i++) {
        fprintf(header, "extern const Query query_%s;\n", statements->list[i].name);
        write_statement(source, &statements->list[i], i);
    }
    fputs("const Query *const queries[] = {\n", source);
    for (size_t i = 0; i < statements->count; i++)
        fprintf(source, "    &query_%s,\n", statements->list[i].name);
    fprintf(source, "    NULL,\n};\nconst size_t queries_count = %zu;\n\n", statements->count);
}

static void
write_scripts(FILE *header, FILE *source, const Files *scripts)
{
    for (size_t i = 0; i < scripts->count; i++) {
        char name[NAME_SIZE];

        file_name(&scripts->list[i], name);
        fprintf(header, "extern const Script script_%s;\n", name);
        fprintf(source, "const Script script_%s = {\n    .name = \"%s\",\n    .text = ", name,
                name);
        write_string(source, scripts->list[i].text);
        fputs(",\n};\n\n", source);
    }
}

void
write_queries(const char *directory, const Statements *statements, const Files *scripts)
{
    FILE *header = output_open(directory, "db/queries.h");
    FILE *source = output_open(directory, "db/queries.c");

    fputs("#ifndef CIQ_QUERIES_H\n#define CIQ_QUERIES_H\n\n#include \"db/query.h\"\n\n", header);
    fputs("#include \"db/queries.h\"\n\n", source);
    write_statements(header, source, statements);
    write_scripts(header, source, scripts);
    fputs("\n#endif\n", header);
    output_close(header, "db/queries.h");
    output_close(source, "db/queries.c");
}
