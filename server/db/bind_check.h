/* For the test that prepares every statement: whether it fits the messages of its rpc.  */
#ifndef CIQ_SERVER_DB_BIND_CHECK_H
#define CIQ_SERVER_DB_BIND_CHECK_H

#include "db/bind_answer.h"

/* By names and types of parameters and columns; request and response may be NULL.  False: problem
 * (of problem_size bytes) says what does not fit. */
MUST_CHECK bool bind_check(const Query *query, const ProtobufCMessageDescriptor *request,
                           const ProtobufCMessageDescriptor *response, const BindColumn *columns,
                           size_t columns_count, char *problem, size_t problem_size);

#endif
