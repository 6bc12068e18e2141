/* What the peers' drivers share: command line, the two ends, figures.
 * A driver supplies the four peer_ functions; main() is in bench.c. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

enum mode { LAT, REQREP, THR };

struct job {
    enum mode mode;
    const char *mode_name, *url, *transport, *address; /* address: after "://" */
    size_t size;
    long count, warmup, peers;
    int threads;      /* both ends in this process, figures cover both */
    int gate[2];      /* server to client: one byte per permission; -1 if alone */
    char *payload;    /* size bytes */
};

/* What one end measured; a figure it cannot know is negative. */
struct figures {
    double seconds, p50, p99; /* p50 and p99 in us */
    double cpu, switches;     /* CPU seconds and context switches, in all */
};

struct meter {
    double wall, cpu, switches;
};

const char *peer_lib(const char *program);
/* NULL, or why this job cannot be done */
const char *peer_refusal(const struct job *job);
void peer_server(const struct job *job, struct figures *out);
void peer_client(const struct job *job, struct figures *out);

/* Context switches and CPU of this process, all threads. */
void meter_start(struct meter *meter);
void meter_stop(const struct meter *meter, struct figures *out);

/* Lets the client go on `times` times; nothing to do if the ends were started apart. */
void gate_open(const struct job *job, long times);
void gate_pass(const struct job *job);

/* Ping-pong: one `step` is a whole trip for the client, an echo for the server. */
void measure_trips(const struct job *job, void (*step)(void *), void *arg, struct figures *out);
void measure_echoes(const struct job *job, void (*step)(void *), void *arg, struct figures *out);

/* The share of pusher `index` of the job's messages. */
long share(const struct job *job, long index);

void die(const char *what);                  /* with errno */
void check(int good, const char *what);      /* die unless good */

#endif
