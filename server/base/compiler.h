/* The few words that C17 lacks. */
#ifndef CIQ_SERVER_COMPILER_H
#define CIQ_SERVER_COMPILER_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define UNUSED __attribute__((unused))

#endif
