/* The log: logfmt lines on stderr, written by one thread from a bounded ring, so that no caller
 * ever waits for a slow terminal or disk.  When the ring is full, lines are dropped and counted,
 * and a later line says how many.  Before log_start and after log_stop, lines are written directly,
 * and dropped where nobody reads.  */
#ifndef CIQ_SERVER_LOG_H
#define CIQ_SERVER_LOG_H

#include "base/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum LogLevel {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR
} LogLevel;

/* The level of this name ("info"), or LOG_LEVEL_INFO. */
LogLevel log_level_of(const char *name);

/* Starts the writing thread; lines below that level are not logged.  False: there is no thread, and
 * lines are written directly. */
MUST_CHECK bool log_start(LogLevel least);

/* Writes the lines that are left in the ring, unless nobody reads them, and ends the thread. */
void log_stop(void);

/* How many lines of level error there were so far. */
uint64_t log_errors(void);

/* One line: time, level, msg="message", and the formatted rest, which has the form "key=value
 * key=value".  Whatever a terminal would act on is escaped (proto/visible.h). */
void log_write(LogLevel level, const char *message, const char *format, ...) PRINTF_LIKE(3, 4);

/* Whether a line is due that is written at most once a minute, however often its reason comes.
 * next_us belongs to the reason, and is 0 at first. */
bool log_due(_Atomic int64_t *next_us);

/* A value for a line: bare if it is one plain word, otherwise in quotes, made visible
 * (proto/visible.h), with quotes and backslashes escaped, and cut to fit the buffer, which has room
 * for 3 bytes at least.  Returns buffer. */
const char *log_quote(char *buffer, size_t size, const char *text);

#endif
