/* Frames, counts and checksums of a tenant's archive.  Called by export.c and import.c.  A reader
 * trusts nothing: sizes are bounded before memory is taken, and rows are counted as they pass.  */
#include "tenant/archive.h"
#include "base/digest.h"
#include "call/packed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORMAT = 2,
    FORMAT_FIRST = 1,
    MAGIC_SIZE = 8,
    HEAD_SIZE = 5, /* of a frame: letter and size */
    HASH_SIZE = 32,
    ROWS_MAX = 64 * 1024,       /* bytes of one frame of rows */
    MANIFEST_MAX = 1024 * 1024, /* 4,096 tables of 60 columns fit */
    TABLE_END_MAX = 1024,       /* a name and three numbers */
    COLUMNS_MAX = 1600          /* PostgreSQL's own limit */
};

/* Like PNG's: a byte that is not ASCII, both kinds of line ends, and a byte that ends files on some
 * systems, so that a copy that was made as text is noticed at once. */
static const uint8_t magic[MAGIC_SIZE] = {0x89, 'C', 'I', 'Q', '\r', '\n', 0x1a, '\n'};

static void
put_number(uint8_t out[4], size_t number)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t) (number >> (24 - 8 * i));
}

static size_t
get_number(const uint8_t in[4])
{
    return (size_t) in[0] << 24 | (size_t) in[1] << 16 | (size_t) in[2] << 8 | in[3];
}

/* Rows of COPY's text format as they pass in pieces: values have no bare tab and no bare line end.
 */
typedef struct RowCounter {
    uint64_t rows, bytes;
    size_t tabs; /* in the row that is not over */
    size_t size; /* its bytes so far */
    bool is_dot; /* it is "\." so far, which ends a COPY */
} RowCounter;

/* False: a row has more or fewer columns than it should. */
static bool
count_rows(RowCounter *counter, const char *data, size_t size, size_t columns)
{
    for (size_t i = 0; i < size; i++) {
        char c = data[i];

        if (c == '\n') {
            if (counter->tabs + 1 != columns || (counter->is_dot && counter->size == 2))
                return false;
            counter->rows++;
            counter->tabs = counter->size = 0;
            continue;
        }
        counter->tabs += c == '\t';
        counter->is_dot =
            counter->size == 0 ? c == '\\' : counter->size == 1 && counter->is_dot && c == '.';
        counter->size++;
    }
    counter->bytes += size;
    return true;
}

/* ---- writing ---- */

struct ArchiveWriter {
    Call *call;
    FILE *file;
    DigestStream *all, *table;
    const ArchiveManifest *manifest;
    size_t table_index;
    RowCounter counter;
    uint64_t rows;
    char pending[ROWS_MAX]; /* rows that are not a frame yet */
    size_t pending_size;
};

ArchiveWriter *
archive_writer_new(Call *call, FILE *file)
{
    ArchiveWriter *writer = calloc(1, sizeof *writer);

    if (writer != NULL) {
        writer->call = call;
        writer->file = file;
        writer->all = digest_stream_new();
        writer->table = digest_stream_new();
        if (writer->all != NULL && writer->table != NULL)
            return writer;
    }
    archive_writer_free(writer);
    return NULL;
}

void
archive_writer_free(ArchiveWriter *writer)
{
    if (writer == NULL)
        return;
    digest_stream_free(writer->all);
    digest_stream_free(writer->table);
    free(writer);
}

static bool
write_bytes(ArchiveWriter *writer, const void *data, size_t size)
{
    digest_stream_add(writer->all, data, size);
    if (fwrite(data, 1, size, writer->file) == size)
        return true;
    return call_fail(writer->call, CODE_UNAVAILABLE, "the archive cannot be written: %s",
                     strerror(errno));
}

static bool
write_frame(ArchiveWriter *writer, char letter, const void *data, size_t size)
{
    uint8_t head[HEAD_SIZE] = {(uint8_t) letter};

    put_number(head + 1, size);
    return write_bytes(writer, head, sizeof head) && write_bytes(writer, data, size);
}

static bool
write_message(ArchiveWriter *writer, char letter, const ProtobufCMessage *message, size_t size_max)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *data;

    if (size > size_max)
        return call_fail(
            writer->call, CODE_RESOURCE_EXHAUSTED,
            "a message of the archive has %zu bytes, more than the %zu that are allowed", size,
            size_max);
    data = call_alloc(writer->call, size + 1);
    if (data == NULL)
        return false;
    protobuf_c_message_pack(message, data);
    return write_frame(writer, letter, data, size);
}

bool
archive_write_manifest(ArchiveWriter *writer, const ArchiveManifest *manifest)
{
    uint8_t format[4];

    put_number(format, FORMAT);
    writer->manifest = manifest;
    return write_bytes(writer, magic, sizeof magic) && write_bytes(writer, format, sizeof format) &&
           write_message(writer, 'M', &manifest->base, MANIFEST_MAX);
}

static bool
flush_rows(ArchiveWriter *writer)
{
    size_t size = writer->pending_size;

    writer->pending_size = 0;
    return size == 0 || write_frame(writer, 'D', writer->pending, size);
}

bool
archive_write_rows(ArchiveWriter *writer, const char *data, size_t size)
{
    const ArchiveTable *table = writer->manifest->tables[writer->table_index];

    if (!count_rows(&writer->counter, data, size, table->n_columns))
        return call_fail(writer->call, CODE_INTERNAL,
                         "PostgreSQL sent a row that does not have the columns of the table");
    digest_stream_add(writer->table, data, size);
    while (size > 0) {
        size_t part = ROWS_MAX - writer->pending_size;

        part = size < part ? size : part;
        memcpy(writer->pending + writer->pending_size, data, part);
        writer->pending_size += part;
        data += part;
        size -= part;
        if (writer->pending_size == ROWS_MAX && !flush_rows(writer))
            return false;
    }
    return true;
}

bool
archive_write_table_end(ArchiveWriter *writer, const char *name, const char *count)
{
    ArchiveTableEnd end = CLIENTIQ__V1__ARCHIVE_TABLE_END__INIT;
    uint8_t checksum[HASH_SIZE];

    if (!flush_rows(writer))
        return false;
    digest_stream_end(writer->table, checksum);
    end.name = (char *) (uintptr_t) name;
    end.count = (char *) (uintptr_t) count;
    end.rows = writer->counter.rows;
    end.bytes = writer->counter.bytes;
    end.checksum = (ProtobufCBinaryData){sizeof checksum, checksum};
    writer->rows += end.rows;
    writer->counter = (RowCounter){0};
    writer->table_index++;
    return write_message(writer, 'E', &end.base, TABLE_END_MAX);
}

bool
archive_write_end(ArchiveWriter *writer)
{
    uint8_t checksum[HASH_SIZE];

    digest_stream_end(writer->all, checksum);
    if (!write_frame(writer, 'Z', checksum, sizeof checksum))
        return false;
    if (fflush(writer->file) == 0)
        return true;
    return call_fail(writer->call, CODE_UNAVAILABLE, "the archive cannot be written: %s",
                     strerror(errno));
}

uint64_t
archive_rows_written(const ArchiveWriter *writer)
{
    return writer->rows;
}

/* ---- reading ---- */

struct ArchiveReader {
    Call *call;
    FILE *file;
    uint64_t offset; /* of the byte that is read next */
    DigestStream *all, *table;
    const ArchiveManifest *manifest;
    size_t table_index, format;
    RowCounter counter;
    char rows[ROWS_MAX];
};

ArchiveReader *
archive_reader_new(Call *call, FILE *file)
{
    ArchiveReader *reader = calloc(1, sizeof *reader);

    if (reader != NULL) {
        reader->call = call;
        reader->file = file;
        reader->all = digest_stream_new();
        reader->table = digest_stream_new();
        if (reader->all != NULL && reader->table != NULL)
            return reader;
    }
    archive_reader_free(reader);
    return NULL;
}

void
archive_reader_free(ArchiveReader *reader)
{
    if (reader == NULL)
        return;
    digest_stream_free(reader->all);
    digest_stream_free(reader->table);
    free(reader);
}

static bool
fail_damaged(ArchiveReader *reader, const char *what)
{
    return call_fail(reader->call, CODE_DATA_LOSS,
                     "the archive is damaged before byte %" PRIu64 ": %s", reader->offset, what);
}

/* Exactly size bytes; hashed: the checksum of the whole archive is over them too. */
static bool
read_bytes(ArchiveReader *reader, void *data, size_t size, bool hashed)
{
    size_t got = fread(data, 1, size, reader->file);

    reader->offset += got;
    if (got < size && ferror(reader->file))
        return call_fail(reader->call, CODE_UNAVAILABLE, "the archive cannot be read: %s",
                         strerror(errno));
    if (got < size)
        return fail_damaged(reader, "it ends too early");
    if (hashed)
        digest_stream_add(reader->all, data, size);
    return true;
}

static bool
read_head(ArchiveReader *reader, char *letter, size_t *size, bool hashed)
{
    uint8_t head[HEAD_SIZE];

    if (!read_bytes(reader, head, sizeof head, hashed))
        return false;
    *letter = (char) head[0];
    *size = get_number(head + 1);
    return true;
}

/* The content of a frame as a message in the call's memory. */
static bool
read_archive_message(ArchiveReader *reader, const ProtobufCMessageDescriptor *descriptor,
                     size_t size, size_t size_max, ProtobufCMessage **message)
{
    Call *call = reader->call;
    uint8_t *data;

    if (size > size_max)
        return fail_damaged(reader, "a frame is too large");
    data = call_alloc(call, size + 1);
    if (data == NULL || !read_bytes(reader, data, size, true))
        return false;
    if (!packed_check(call, descriptor, data, size)) {
        call->failure.code = CODE_OK; /* said of the archive, not of a request */
        call->failure.text = NULL;
        return fail_damaged(reader, "a frame cannot be read as its message");
    }
    *message = protobuf_c_message_unpack(descriptor, arena_protobuf(call->arena), size, data);
    return *message != NULL || fail_damaged(reader, "a frame cannot be read as its message");
}

static bool
read_start(ArchiveReader *reader)
{
    uint8_t start[MAGIC_SIZE + 4];

    if (!read_bytes(reader, start, sizeof start, true))
        return false;
    if (memcmp(start, magic, MAGIC_SIZE) != 0)
        return call_fail(reader->call, CODE_DATA_LOSS, "this is not an archive of a tenant");
    reader->format = get_number(start + MAGIC_SIZE);
    if (reader->format > FORMAT)
        return call_fail(reader->call, CODE_FAILED_PRECONDITION,
                         "the archive has format %zu, and this release reads up to %d",
                         reader->format, FORMAT);
    return reader->format >= FORMAT_FIRST ||
           fail_damaged(reader, "its format is 0, which no release has written");
}

bool
archive_is_complete(const ArchiveReader *reader)
{
    return reader->format > FORMAT_FIRST;
}

/* In order, so each once; their bounds are the database's to read. */
static bool
check_state(ArchiveReader *reader, const ArchiveManifest *manifest)
{
    if (reader->format == FORMAT_FIRST && manifest->n_partitions + manifest->n_views > 0)
        return fail_damaged(reader, "it says more than its format knows");
    for (size_t i = 1; i < manifest->n_partitions; i++)
        if (strcmp(manifest->partitions[i - 1]->name, manifest->partitions[i]->name) >= 0)
            return fail_damaged(reader, "its partitions are not in order");
    for (size_t i = 1; i < manifest->n_views; i++)
        if (strcmp(manifest->views[i - 1]->name, manifest->views[i]->name) >= 0)
            return fail_damaged(reader, "its materialized views are not in order");
    for (size_t i = 1; reader->format > FORMAT_FIRST && i < manifest->n_sequences; i++)
        if (strcmp(manifest->sequences[i - 1]->name, manifest->sequences[i]->name) >= 0)
            return fail_damaged(reader, "its sequences are not in order");
    return true;
}

/* Tables in order, so each once; every table with a column, every column once. */
static bool
check_tables(ArchiveReader *reader, const ArchiveManifest *manifest)
{
    if (manifest->tenant == NULL)
        return fail_damaged(reader, "it names no tenant");
    for (size_t i = 0; i < manifest->n_tables; i++) {
        const ArchiveTable *table = manifest->tables[i];

        if (i > 0 && strcmp(manifest->tables[i - 1]->name, table->name) >= 0)
            return fail_damaged(reader, "its tables are not in order");
        if (table->n_columns == 0 || table->n_columns > COLUMNS_MAX)
            return fail_damaged(reader, "a table has no columns, or too many");
        for (size_t x = 0; x < table->n_columns; x++)
            for (size_t y = 0; y < x; y++)
                if (strcmp(table->columns[x], table->columns[y]) == 0)
                    return fail_damaged(reader, "a table has a column twice");
    }
    return true;
}

bool
archive_read_manifest(ArchiveReader *reader, const ArchiveManifest **manifest)
{
    ProtobufCMessage *message;
    char letter;
    size_t size;

    if (!read_start(reader) || !read_head(reader, &letter, &size, true))
        return false;
    if (letter != 'M')
        return fail_damaged(reader, "it does not begin with its manifest");
    if (!read_archive_message(reader, &clientiq__v1__archive_manifest__descriptor, size,
                              MANIFEST_MAX, &message))
        return false;
    reader->manifest = (const ArchiveManifest *) message;
    if (!check_tables(reader, reader->manifest) || !check_state(reader, reader->manifest))
        return false;
    *manifest = reader->manifest;
    return true;
}

static bool
read_table_end(ArchiveReader *reader, size_t size, const ArchiveTableEnd **read)
{
    uint8_t checksum[HASH_SIZE];
    ProtobufCMessage *message;
    const ArchiveTableEnd *end;

    if (!read_archive_message(reader, &clientiq__v1__archive_table_end__descriptor, size,
                              TABLE_END_MAX, &message))
        return false;
    end = (const ArchiveTableEnd *) message;
    digest_stream_end(reader->table, checksum);
    if (strcmp(end->name, reader->manifest->tables[reader->table_index]->name) != 0)
        return fail_damaged(reader, "the rows are those of another table");
    if (reader->counter.size > 0 || end->rows != reader->counter.rows ||
        end->bytes != reader->counter.bytes)
        return fail_damaged(reader, "a table has another number of rows than it should");
    if (end->checksum.len != HASH_SIZE || memcmp(end->checksum.data, checksum, HASH_SIZE) != 0)
        return fail_damaged(reader, "a table's rows do not fit their checksum");
    *read = end;
    reader->counter = (RowCounter){0};
    reader->table_index++;
    return true;
}

bool
archive_read_rows(ArchiveReader *reader, const char **data, size_t *size,
                  const ArchiveTableEnd **end)
{
    char letter;

    *data = reader->rows;
    if (!read_head(reader, &letter, size, true))
        return false;
    if (letter == 'E') {
        if (!read_table_end(reader, *size, end))
            return false;
        *size = 0;
        return true;
    }
    if (letter != 'D' || *size == 0 || *size > ROWS_MAX)
        return fail_damaged(reader, "a frame of this kind cannot be here");
    if (!read_bytes(reader, reader->rows, *size, true))
        return false;
    digest_stream_add(reader->table, reader->rows, *size);
    if (!count_rows(&reader->counter, reader->rows, *size,
                    reader->manifest->tables[reader->table_index]->n_columns))
        return fail_damaged(reader, "a row has other columns than its table");
    return true;
}

bool
archive_read_end(ArchiveReader *reader)
{
    uint8_t wanted[HASH_SIZE], checksum[HASH_SIZE];
    char letter;
    size_t size;

    digest_stream_end(reader->all, wanted);
    if (!read_head(reader, &letter, &size, false))
        return false;
    if (letter != 'Z' || size != HASH_SIZE)
        return fail_damaged(reader, "a frame of this kind cannot be here");
    if (!read_bytes(reader, checksum, sizeof checksum, false))
        return false;
    if (memcmp(checksum, wanted, HASH_SIZE) != 0)
        return fail_damaged(reader, "it does not fit its checksum");
    if (fgetc(reader->file) != EOF)
        return fail_damaged(reader, "something follows its end");
    return true;
}
