#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef void end_fn(const struct job *, struct figures *);

static const struct figures unknown = {-1, -1, -1, -1, -1};
static const char *lib;

static void usage(const char *program)
{
    fprintf(stderr,
            "usage: %s MODE ROLE URL SIZE COUNT [PEERS]\n"
            "  MODE  lat (PAIR ping-pong), reqrep (REQ/REP ping-pong), thr (PUSH to PULL)\n"
            "  ROLE  both, server (listens; PULL), client (dials; PUSH)\n"
            "  URL   tcp://127.0.0.1:PORT, ipc:///PATH, inproc://NAME\n"
            "  PEERS pushers of a thr run, threads of the client, COUNT messages in all\n",
            program);
    exit(1);
}

void die(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", lib, what, strerror(errno));
    exit(1);
}

void check(int good, const char *what)
{
    if (!good)
        die(what);
}

/* ---- measuring ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
    return t.tv_sec + t.tv_usec / 1e6;
}

void meter_start(struct meter *meter)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    meter->cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    meter->switches = usage.ru_nvcsw + usage.ru_nivcsw;
    meter->wall = now();
}

void meter_stop(const struct meter *meter, struct figures *out)
{
    struct meter end;
    double wall = now();
    meter_start(&end);
    out->seconds = wall - meter->wall;
    out->cpu = end.cpu - meter->cpu;
    out->switches = end.switches - meter->switches;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void measure_trips(const struct job *job, void (*step)(void *), void *arg, struct figures *out)
{
    struct meter meter;
    float *us = malloc(job->count * sizeof *us);
    check(us != NULL, "samples");
    for (long i = 0; i < job->warmup; i++)
        step(arg);
    meter_start(&meter);
    double before = now();
    for (long i = 0; i < job->count; i++) {
        step(arg);
        double after = now();
        us[i] = (after - before) * 1e6;
        before = after;
    }
    meter_stop(&meter, out);
    qsort(us, job->count, sizeof *us, by_value);
    out->p50 = us[job->count / 2];
    out->p99 = us[job->count * 99 / 100];
    free(us);
}

void measure_echoes(const struct job *job, void (*step)(void *), void *arg, struct figures *out)
{
    struct meter meter;
    for (long i = 0; i < job->warmup; i++)
        step(arg);
    meter_start(&meter);
    for (long i = 0; i < job->count; i++)
        step(arg);
    meter_stop(&meter, out);
    out->seconds = -1; /* the client tells the time */
}

long share(const struct job *job, long index)
{
    return job->count / job->peers + (index < job->count % job->peers);
}

/* ---- two ends ---- */

void gate_open(const struct job *job, long times)
{
    for (; job->gate[1] >= 0 && times > 0; times--)
        check(write(job->gate[1], "!", 1) == 1, "gate");
}

void gate_pass(const struct job *job)
{
    char byte;
    if (job->gate[0] >= 0)
        check(read(job->gate[0], &byte, 1) == 1, "gate: the server is gone");
}

struct end {
    const struct job *job;
    end_fn *run;
    struct figures figures;
};

static void *run_end(void *arg)
{
    struct end *end = arg;
    end->run(end->job, &end->figures);
    return NULL;
}

static void run_threads(struct end ends[2])
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        check(pthread_create(&threads[i], NULL, run_end, &ends[i]) == 0, "thread");
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static pid_t spawn(struct end *end, int report)
{
    pid_t child = fork();
    check(child >= 0, "fork");
    if (child > 0)
        return child;
    run_end(end);
    check(write(report, &end->figures, sizeof end->figures) == sizeof end->figures, "report");
    exit(0);
}

static void run_processes(struct end ends[2])
{
    int report[2][2];
    pid_t child[2];
    for (int i = 0; i < 2; i++) {
        check(pipe(report[i]) == 0, "pipe");
        child[i] = spawn(&ends[i], report[i][1]);
    }
    for (int left = 2; left > 0; left--) {
        int status = 0;
        pid_t ended = wait(&status);
        if (status != 0) { /* the other end would wait for ever */
            kill(child[ended == child[0]], SIGKILL);
            fprintf(stderr, "%s: the %s failed\n", lib, ended == child[0] ? "server" : "client");
            exit(1);
        }
    }
    for (int i = 0; i < 2; i++) {
        struct figures *figures = &ends[i].figures;
        check(read(report[i][0], figures, sizeof *figures) == sizeof *figures, "report");
    }
}

static struct figures run_both(struct job *job)
{
    struct end ends[2] = {{job, peer_server, unknown}, {job, peer_client, unknown}};
    struct figures *server = &ends[0].figures, *client = &ends[1].figures;

    check(pipe(job->gate) == 0, "pipe");
    if (job->threads)
        run_threads(ends);
    else
        run_processes(ends);

    /* the end that tells the time: the client of a ping-pong, the receiver of a stream */
    struct figures sum = job->mode == THR ? *server : *client;
    if (!job->threads) {
        sum.cpu = server->cpu + client->cpu;
        sum.switches = server->switches + client->switches;
    }
    return sum;
}

/* ---- command line and result ---- */

static void print_known(const char *key, double value)
{
    if (value < 0)
        printf(" %s=-", key);
    else
        printf(" %s=%.4g", key, value);
}

static void print_line(const struct job *job, const struct figures *f)
{
    int timed = f->seconds > 0;
    printf("lib=%s mode=%s url=%s size=%zu n=%ld", lib, job->mode_name, job->transport, job->size,
           job->count);
    print_known("us", timed ? f->seconds * 1e6 / job->count : -1);
    print_known("p50", f->p50);
    print_known("p99", f->p99);
    if (timed)
        printf(" mps=%.0f", job->count / f->seconds);
    else
        printf(" mps=-");
    print_known("cpuM", f->cpu * 1e6 / job->count);
    print_known("cswM", f->switches / job->count);
    printf("\n");
}

static long number(const char *program, const char *text, long least)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == 0 || *end != 0 || value < least)
        usage(program);
    return value;
}

static void parse(struct job *job, int argc, char **argv)
{
    static const char *const modes[] = {"lat", "reqrep", "thr"};
    if (argc < 6 || argc > 7)
        usage(argv[0]);

    job->mode_name = argv[1];
    for (job->mode = LAT; strcmp(argv[1], modes[job->mode]) != 0; job->mode++)
        if (job->mode == THR)
            usage(argv[0]);

    const char *colon = strstr(argv[3], "://");
    if (colon == NULL)
        usage(argv[0]);
    job->url = argv[3];
    job->transport = strndup(argv[3], colon - argv[3]);
    job->address = colon + 3;
    job->threads = strcmp(job->transport, "inproc") == 0;

    job->size = number(argv[0], argv[4], 1);
    job->count = number(argv[0], argv[5], 1);
    job->peers = argc == 7 ? number(argv[0], argv[6], 1) : 1;
    job->warmup = job->count / 10;
    job->payload = calloc(1, job->size);
    check(job->payload != NULL, "payload");
}

static const char *refusal(const struct job *job, const char *role)
{
    if (job->threads && strcmp(role, "both") != 0)
        return "inproc with one end";
    if (job->mode != THR && job->peers > 1)
        return "more than one peer in a ping-pong";
    return peer_refusal(job);
}

int main(int argc, char **argv)
{
    struct job job = {.gate = {-1, -1}};
    struct figures figures = unknown;

    lib = peer_lib(argv[0]);
    parse(&job, argc, argv);
    const char *why = refusal(&job, argv[2]);
    if (why != NULL) {
        fprintf(stderr, "%s: not supported: %s\n", lib, why);
        return 2;
    }
    if (strcmp(argv[2], "both") == 0)
        figures = run_both(&job);
    else if (strcmp(argv[2], "server") == 0)
        peer_server(&job, &figures);
    else if (strcmp(argv[2], "client") == 0)
        peer_client(&job, &figures);
    else
        usage(argv[0]);
    print_line(&job, &figures);
    return 0;
}
