/* The file of one tenant, as docs/backup.md describes it: written in one go, to a pipe if need be,
 * and read twice, once to prove every byte of it and once to use it.  Knows no database.
 *
 *     magic (8 bytes), format (4 bytes)
 *     frame 'M': the manifest, clientiq.v1.ArchiveManifest
 *     for each table of the manifest: frames 'D' with pieces of its rows in COPY's text format,
 *         frame 'E': clientiq.v1.ArchiveTableEnd
 *     frame 'Z': BLAKE2b-256 of everything before this frame
 *
 * The first format knew less of sequences, and nothing of partitions, materialized views and
 * PostgreSQL's own counts.  A frame is its letter, the size of its content (4 bytes), and the
 * content.  Numbers have their highest byte first. Memory is bounded by one frame and the manifest.
 */
#ifndef CIQ_SERVER_ARCHIVE_H
#define CIQ_SERVER_ARCHIVE_H

#include "call/call.h"
#include "clientiq/v1/archive.pb-c.h"

#include <stdio.h>

typedef Clientiq__V1__ArchiveManifest ArchiveManifest;
typedef Clientiq__V1__ArchiveTable ArchiveTable;
typedef Clientiq__V1__ArchiveMigration ArchiveMigration;
typedef Clientiq__V1__ArchiveSequence ArchiveSequence;
typedef Clientiq__V1__ArchivePartition ArchivePartition;
typedef Clientiq__V1__ArchiveView ArchiveView;
typedef Clientiq__V1__ArchiveTableEnd ArchiveTableEnd;

/* ---- writing ---- */

typedef struct ArchiveWriter ArchiveWriter;

/* Writes to a file that is the caller's.  NULL: no memory. */
MUST_CHECK ArchiveWriter *archive_writer_new(Call *call, FILE *file);
void archive_writer_free(ArchiveWriter *writer);

/* In this order: the manifest; for each of its tables rows in any pieces, then its end, with
 * PostgreSQL's own count of them ("": unknown); then the end of all, after which every byte was
 * handed to the operating system.  False: the call has failed. */
MUST_CHECK bool archive_write_manifest(ArchiveWriter *writer, const ArchiveManifest *manifest);
MUST_CHECK bool archive_write_rows(ArchiveWriter *writer, const char *data, size_t size);
MUST_CHECK bool archive_write_table_end(ArchiveWriter *writer, const char *name, const char *count);
MUST_CHECK bool archive_write_end(ArchiveWriter *writer);

/* What was written so far. */
uint64_t archive_rows_written(const ArchiveWriter *writer);

/* ---- reading ---- */

typedef struct ArchiveReader ArchiveReader;

/* Reads a file that is the caller's, from where it stands.  NULL: no memory. */
MUST_CHECK ArchiveReader *archive_reader_new(Call *call, FILE *file);
void archive_reader_free(ArchiveReader *reader);

/* The manifest, which comes first; lives as long as the call.  Like all that follow it fails with
 * DATA_LOSS and the place where the file is damaged, or with FAILED_PRECONDITION if a newer release
 * wrote it. */
MUST_CHECK bool archive_read_manifest(ArchiveReader *reader, const ArchiveManifest **manifest);

/* Whether it says all of partitions, views and sequences: it does since the second format. */
bool archive_is_complete(const ArchiveReader *reader);

/* The next piece of the current table's rows, good until the next call here; size 0: the table
 * has ended, was whole and is as *end says, and the next table is current. */
MUST_CHECK bool archive_read_rows(ArchiveReader *reader, const char **data, size_t *size,
                                  const ArchiveTableEnd **end);

/* After the last table: nothing follows, and every byte so far was what the writer wrote. */
MUST_CHECK bool archive_read_end(ArchiveReader *reader);

#endif
