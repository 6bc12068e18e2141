/* Plain sockets without framing: what the system itself allows.
 * Called `raw`: blocking read and write; called `rawepoll`: epoll_wait, then read.
 * inproc is a futex ping-pong; thr coalesces into 64 KiB, the limit of any stream.
 * Build: cc -O2 -std=c99 -D_GNU_SOURCE raw.c bench.c -pthread */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

static int use_epoll;

/* ---- addresses ---- */

struct address {
    struct sockaddr_storage storage;
    socklen_t length;
};

static struct address tcp_address(const char *text)
{
    struct address out = {.length = 0};
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char *host = strdup(text), *colon = strrchr(host, ':');
    errno = EINVAL;
    check(colon != NULL, text);
    *colon = 0;
    check(getaddrinfo(host, colon + 1, &hints, &found) == 0, text);
    memcpy(&out.storage, found->ai_addr, found->ai_addrlen);
    out.length = found->ai_addrlen;
    freeaddrinfo(found);
    free(host);
    return out;
}

static struct address unix_address(const char *path)
{
    struct address out = {.length = sizeof(struct sockaddr_un)};
    struct sockaddr_un *un = (struct sockaddr_un *)&out.storage;
    errno = ENAMETOOLONG;
    check(strlen(path) < sizeof un->sun_path, path);
    un->sun_family = AF_UNIX;
    strcpy(un->sun_path, path);
    return out;
}

static struct address resolve(const struct job *job)
{
    return strcmp(job->transport, "tcp") == 0 ? tcp_address(job->address) : unix_address(job->address);
}

/* ---- connections ---- */

struct conn {
    int fd, epoll; /* epoll: -1 when blocking */
    size_t size;
    char *buffer;
};

static struct conn connection(int fd, size_t size)
{
    struct conn conn = {.fd = fd, .epoll = -1, .size = size, .buffer = calloc(1, size)};
    int on = 1;
    check(conn.buffer != NULL, "buffer");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* refused by unix sockets */
    if (use_epoll) {
        struct epoll_event event = {.events = EPOLLIN};
        conn.epoll = epoll_create1(0);
        check(conn.epoll >= 0, "epoll_create1");
        check(epoll_ctl(conn.epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
        check(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "fcntl");
    }
    return conn;
}

static int listen_at(const struct job *job)
{
    struct address address = resolve(job);
    int on = 1, fd = socket(address.storage.ss_family, SOCK_STREAM, 0);
    check(fd >= 0, "socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.storage.ss_family == AF_UNIX)
        unlink(job->address);
    check(bind(fd, (struct sockaddr *)&address.storage, address.length) == 0, "bind");
    check(listen(fd, 16) == 0, "listen");
    gate_open(job, 1);
    return fd;
}

static struct conn accept_one(const struct job *job, size_t buffer)
{
    int listener = listen_at(job), fd = accept(listener, NULL, NULL);
    check(fd >= 0, "accept");
    close(listener);
    gate_open(job, 1);
    return connection(fd, buffer);
}

static struct conn dial(const struct job *job, size_t buffer)
{
    struct address address = resolve(job);
    int fd = socket(address.storage.ss_family, SOCK_STREAM, 0);
    check(fd >= 0, "socket");
    gate_pass(job); /* it listens */
    check(connect(fd, (struct sockaddr *)&address.storage, address.length) == 0, "connect");
    gate_pass(job); /* it accepted */
    return connection(fd, buffer);
}

/* At least one byte; 0 at the end of the stream. */
static size_t read_some(struct conn *conn, char *at, size_t room)
{
    struct epoll_event event;
    if (conn->epoll >= 0)
        check(epoll_wait(conn->epoll, &event, 1, -1) == 1, "epoll_wait");
    ssize_t got = read(conn->fd, at, room);
    check(got >= 0, "read");
    return got;
}

static void read_all(struct conn *conn, char *at, size_t size)
{
    while (size > 0) {
        size_t got = read_some(conn, at, size);
        errno = EPIPE;
        check(got > 0, "read: the peer is gone");
        at += got;
        size -= got;
    }
}

static void write_all(struct conn *conn, const char *at, size_t size)
{
    while (size > 0) {
        ssize_t put = write(conn->fd, at, size);
        if (put < 0 && errno == EAGAIN) {
            struct pollfd writable = {.fd = conn->fd, .events = POLLOUT};
            check(poll(&writable, 1, -1) == 1, "poll");
            continue;
        }
        check(put > 0, "write");
        at += put;
        size -= put;
    }
}

/* ---- ping-pong over a connection ---- */

static void trip(void *arg)
{
    struct conn *conn = arg;
    write_all(conn, conn->buffer, conn->size);
    read_all(conn, conn->buffer, conn->size);
}

static void echo(void *arg)
{
    struct conn *conn = arg;
    read_all(conn, conn->buffer, conn->size);
    write_all(conn, conn->buffer, conn->size);
}

/* ---- ping-pong between two threads ---- */

enum { CLIENT, SERVER };
static int turn = CLIENT;

static void wait_turn(int mine)
{
    int seen;
    while ((seen = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != mine)
        syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void give_turn(int other)
{
    __atomic_store_n(&turn, other, __ATOMIC_RELEASE);
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void futex_trip(void *arg)
{
    (void)arg;
    give_turn(SERVER);
    wait_turn(CLIENT);
}

static void futex_echo(void *arg)
{
    (void)arg;
    wait_turn(SERVER);
    give_turn(CLIENT);
}

/* ---- stream ---- */

static void push_all(const struct job *job, struct conn *conn)
{
    size_t pending = 0;
    for (long i = 0; i < job->count; i++) {
        if (pending + job->size > conn->size) {
            write_all(conn, conn->buffer, pending);
            pending = 0;
        }
        memcpy(conn->buffer + pending, job->payload, job->size);
        pending += job->size;
    }
    write_all(conn, conn->buffer, pending);
}

static void pull_all(const struct job *job, struct conn *conn, struct figures *out)
{
    struct meter meter;
    size_t left = job->count * job->size;
    left -= read_some(conn, conn->buffer, job->size);
    meter_start(&meter);
    while (left > 0) {
        size_t got = read_some(conn, conn->buffer, conn->size);
        errno = EPIPE;
        check(got > 0, "read: the peer is gone");
        left -= got;
    }
    meter_stop(&meter, out);
}

/* ---- the ends ---- */

static size_t buffer_size(const struct job *job)
{
    return job->mode == THR && job->size < CHUNK ? CHUNK : job->size;
}

void peer_server(const struct job *job, struct figures *out)
{
    if (job->threads) {
        measure_echoes(job, futex_echo, NULL, out);
        return;
    }
    struct conn conn = accept_one(job, buffer_size(job));
    if (job->mode == THR)
        pull_all(job, &conn, out);
    else
        measure_echoes(job, echo, &conn, out);
    close(conn.fd);
}

void peer_client(const struct job *job, struct figures *out)
{
    if (job->threads) {
        measure_trips(job, futex_trip, NULL, out);
        return;
    }
    struct conn conn = dial(job, buffer_size(job));
    if (job->mode == THR) {
        struct meter meter;
        meter_start(&meter);
        push_all(job, &conn);
        meter_stop(&meter, out);
    } else {
        measure_trips(job, trip, &conn, out);
    }
    close(conn.fd);
}

const char *peer_lib(const char *program)
{
    const char *slash = strrchr(program, '/');
    use_epoll = strcmp(slash ? slash + 1 : program, "rawepoll") == 0;
    return use_epoll ? "rawepoll" : "raw";
}

const char *peer_refusal(const struct job *job)
{
    int inproc = strcmp(job->transport, "inproc") == 0;
    if (!inproc && strcmp(job->transport, "tcp") != 0 && strcmp(job->transport, "ipc") != 0)
        return "this transport";
    if (inproc && (use_epoll || job->mode == THR))
        return use_epoll ? "inproc with epoll" : "an inproc stream";
    return job->peers > 1 ? "more than one pusher" : NULL;
}
