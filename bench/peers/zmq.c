/* libzmq through its message calls, every option at its default.
 * Build: cc -O2 -std=c99 -D_GNU_SOURCE zmq.c bench.c -lzmq -pthread */
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

/* One per process, made after the fork; inproc needs both ends in the same. */
static void *context;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void zcheck(int result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "zmq: %s: %s\n", what, zmq_strerror(errno));
        exit(1);
    }
}

static void make_context(void)
{
    context = zmq_ctx_new();
    check(context != NULL, "context");
}

static void *open_socket(int type)
{
    pthread_once(&once, make_context);
    void *socket = zmq_socket(context, type);
    check(socket != NULL, "socket");
    return socket;
}

static void send_payload(void *socket, const struct job *job, size_t size)
{
    zmq_msg_t message;
    zcheck(zmq_msg_init_size(&message, size), "message");
    memcpy(zmq_msg_data(&message), job->payload, size);
    zcheck(zmq_msg_send(&message, socket, 0), "send");
}

/* ---- ping-pong ---- */

struct pingpong {
    const struct job *job;
    void *socket;
    zmq_msg_t message; /* the last one received */
};

static void trip(void *arg)
{
    struct pingpong *p = arg;
    send_payload(p->socket, p->job, p->job->size);
    zcheck(zmq_msg_recv(&p->message, p->socket, 0), "receive");
}

static void echo(void *arg)
{
    struct pingpong *p = arg;
    zcheck(zmq_msg_recv(&p->message, p->socket, 0), "receive");
    zcheck(zmq_msg_send(&p->message, p->socket, 0), "send");
}

/* ---- stream ---- */

struct pusher {
    const struct job *job;
    long count;
};

/* Its first, empty message tells the receiver that the connection is up. It closes
 * when all is received: over ipc a receiver at its limit loses what it has not read
 * when the peer hangs up (4.3.4: EPOLLHUP ends the connection). */
static void *push(void *arg)
{
    struct pusher *p = arg;
    void *socket = open_socket(ZMQ_PUSH);
    zcheck(zmq_connect(socket, p->job->url), "connect");
    send_payload(socket, p->job, 0);
    gate_pass(p->job);
    for (long i = 0; i < p->count; i++)
        send_payload(socket, p->job, p->job->size);
    gate_pass(p->job);
    zmq_close(socket);
    return NULL;
}

static void push_all(const struct job *job)
{
    pthread_t thread[job->peers];
    struct pusher pusher[job->peers];
    for (long i = 0; i < job->peers; i++) {
        pusher[i] = (struct pusher){job, share(job, i)};
        check(pthread_create(&thread[i], NULL, push, &pusher[i]) == 0, "thread");
    }
    for (long i = 0; i < job->peers; i++)
        pthread_join(thread[i], NULL);
}

static void pull_all(const struct job *job, void *socket, struct figures *out)
{
    struct meter meter;
    zmq_msg_t message;
    zmq_msg_init(&message);
    for (long i = 0; i < job->peers; i++)
        zcheck(zmq_msg_recv(&message, socket, 0), "receive");
    gate_open(job, job->peers);
    zcheck(zmq_msg_recv(&message, socket, 0), "receive");
    meter_start(&meter);
    for (long i = 1; i < job->count; i++)
        zcheck(zmq_msg_recv(&message, socket, 0), "receive");
    meter_stop(&meter, out);
    gate_open(job, job->peers);
}

/* ---- the ends ---- */

static void finish(const struct job *job, void *socket)
{
    if (socket != NULL)
        zmq_close(socket);
    if (!job->threads)
        zmq_ctx_term(context); /* returns when all is sent */
}

void peer_server(const struct job *job, struct figures *out)
{
    static const int types[] = {ZMQ_PAIR, ZMQ_REP, ZMQ_PULL};
    struct pingpong pingpong = {.job = job, .socket = open_socket(types[job->mode])};
    zmq_msg_init(&pingpong.message);
    zcheck(zmq_bind(pingpong.socket, job->url), "bind");
    gate_open(job, 1);
    if (job->mode == THR)
        pull_all(job, pingpong.socket, out);
    else
        measure_echoes(job, echo, &pingpong, out);
    finish(job, pingpong.socket);
}

void peer_client(const struct job *job, struct figures *out)
{
    gate_pass(job);
    if (job->mode == THR) {
        struct meter meter;
        meter_start(&meter); /* connecting is in it, and far below a microsecond a message */
        push_all(job);
        finish(job, NULL);
        meter_stop(&meter, out);
        return;
    }
    struct pingpong pingpong = {
        .job = job, .socket = open_socket(job->mode == LAT ? ZMQ_PAIR : ZMQ_REQ)};
    zmq_msg_init(&pingpong.message);
    zcheck(zmq_connect(pingpong.socket, job->url), "connect");
    measure_trips(job, trip, &pingpong, out);
    finish(job, pingpong.socket);
}

const char *peer_lib(const char *program)
{
    (void)program;
    return "zmq";
}

const char *peer_refusal(const struct job *job)
{
    (void)job;
    return NULL;
}
