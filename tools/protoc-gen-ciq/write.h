/* The files that protoc-gen-ciq writes, each from the same model.  */
#ifndef CIQ_GENERATOR_WRITE_H
#define CIQ_GENERATOR_WRITE_H

#include "model.h"

void write_methods_c(const Model *model, Text *out);        /* proto/method.h's tables */
void write_rpc_h(const Model *model, Text *out);            /* types and handlers, for the server */
void write_server_methods_c(const Model *model, Text *out); /* what serves each method */
void write_calls_h(const Model *model, Text *out);          /* the client library's typed calls */
void write_calls_c(const Model *model, Text *out);
void write_reference_md(const Model *model, Text *out); /* the API reference */
void write_access_md(const Model *model, Text *out);    /* who may call what */

#endif
