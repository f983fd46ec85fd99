/* A wire between two sockets of this machine that can be cut or go mute: a thread that takes
 * connections at one path and passes their bytes on to another.  */
#ifndef CIQ_CHAOS_PROXY_H
#define CIQ_CHAOS_PROXY_H

#include <pthread.h>
#include <stdatomic.h>

typedef enum ProxyMode {
    PROXY_PASS,
    PROXY_MUTE, /* takes connections and bytes, and passes nothing on until it passes again */
    PROXY_DEAF, /* what the server answers is lost, and its connection ends */
    PROXY_CUT   /* ends what there is, and takes nothing */
} ProxyMode;

typedef struct Proxy {
    char from[96], to[96]; /* paths */
    atomic_int mode;
    int listener;
    pthread_t thread;
} Proxy;

/* Returns 0, or -1 if it cannot listen. */
int proxy_start(Proxy *proxy, const char *from, const char *to);

#endif
