/* Just enough MQTT 3.1.1 for the benchmarks, written from the OASIS text: connect, subscribe, publish at QoS 1, acknowledge.
 *
 * Promises: TCP_NODELAY on every socket; one read and one write for as many packets as fit. Leaves out: QoS 2, wills,
 * TLS, reconnecting. A fault ends the program with a line on standard error, because a benchmark that limps measures nothing.
 */
#ifndef WARDGATE_BENCH_WIRE_H
#define WARDGATE_BENCH_WIRE_H

#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBACK = 9 };

struct buffer {
    uint8_t *bytes;
    size_t from, to, room; /* from..to is filled */
};

/* One packet as it lies in a buffer. For a PUBLISH, topic and payload point into it. */
struct packet {
    int type, qos;
    uint16_t id;
    const uint8_t *topic, *payload;
    size_t topic_length, payload_length;
};

__attribute__((noreturn, format(printf, 1, 2), unused)) static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

__attribute__((unused)) static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void make_room(struct buffer *buffer, size_t more) {
    if (buffer->from == buffer->to) buffer->from = buffer->to = 0;
    if (buffer->room - buffer->to >= more) return;
    if (buffer->from) {
        memmove(buffer->bytes, buffer->bytes + buffer->from, buffer->to - buffer->from);
        buffer->to -= buffer->from;
        buffer->from = 0;
    }
    while (buffer->room - buffer->to < more) {
        buffer->room = buffer->room ? buffer->room * 2 : 65536;
        buffer->bytes = realloc(buffer->bytes, buffer->room);
        if (!buffer->bytes) die("out of memory");
    }
}

static void put(struct buffer *buffer, const void *bytes, size_t length) {
    make_room(buffer, length);
    memcpy(buffer->bytes + buffer->to, bytes, length);
    buffer->to += length;
}

static void put_u8(struct buffer *buffer, unsigned value) {
    uint8_t byte = (uint8_t)value;
    put(buffer, &byte, 1);
}

static void put_u16(struct buffer *buffer, unsigned value) {
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    put(buffer, bytes, 2);
}

static void put_length(struct buffer *buffer, size_t length) {
    do {
        unsigned digit = length & 127;
        length >>= 7;
        put_u8(buffer, digit | (length ? 128 : 0));
    } while (length);
}

static void put_text(struct buffer *buffer, const char *text) {
    put_u16(buffer, (unsigned)strlen(text));
    put(buffer, text, strlen(text));
}

static void put_connect(struct buffer *out, const char *client, const char *user, const char *password) {
    size_t length = 10 + 2 + strlen(client) + (*user ? 4 + strlen(user) + strlen(password) : 0);
    put_u8(out, 0x10);
    put_length(out, length);
    put_text(out, "MQTT");
    put_u8(out, 4);
    put_u8(out, *user ? 0xC2 : 0x02); /* clean session */
    put_u16(out, 0);                  /* no keepalive: every run is shorter than any */
    put_text(out, client);
    if (*user) {
        put_text(out, user);
        put_text(out, password);
    }
}

static void put_subscribe(struct buffer *out, const char *filter) {
    put_u8(out, 0x82);
    put_length(out, 2 + 2 + strlen(filter) + 1);
    put_u16(out, 1);
    put_text(out, filter);
    put_u8(out, 1);
}

static void put_puback(struct buffer *out, uint16_t id) {
    uint8_t bytes[4] = {0x40, 2, (uint8_t)(id >> 8), (uint8_t)id};
    put(out, bytes, 4);
}

/* The next whole packet of a buffer: 1, or 0 if it has not all come yet. */
static int take_packet(struct buffer *in, struct packet *packet) {
    const uint8_t *bytes = in->bytes + in->from;
    size_t have = in->to - in->from, length = 0, at = 1;
    for (unsigned shift = 0;; shift += 7) {
        if (at >= have) return 0;
        if (shift > 21) die("a packet without end");
        length |= (size_t)(bytes[at] & 127) << shift;
        if (!(bytes[at++] & 128)) break;
    }
    if (have - at < length) return 0;
    in->from += at + length;
    memset(packet, 0, sizeof *packet);
    packet->type = bytes[0] >> 4;
    const uint8_t *body = bytes + at;
    if (packet->type != PUBLISH) {
        if (packet->type == PUBACK && length >= 2) packet->id = (uint16_t)(body[0] << 8 | body[1]);
        if (packet->type == CONNACK && (length < 2 || body[1])) die("the broker refuses the connection (%d)", body[1]);
        if (packet->type == SUBACK && (length < 3 || body[2] > 1)) die("the broker refuses the subscription");
        return 1;
    }
    packet->qos = bytes[0] >> 1 & 3;
    packet->topic_length = (size_t)(body[0] << 8 | body[1]);
    packet->topic = body + 2;
    size_t head = 2 + packet->topic_length + (packet->qos ? 2 : 0);
    if (head > length) die("a broken PUBLISH");
    if (packet->qos) packet->id = (uint16_t)(body[head - 2] << 8 | body[head - 1]);
    packet->payload = body + head;
    packet->payload_length = length - head;
    return 1;
}

static int open_socket(const char *host, const char *port) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, port, &hints, &found)) die("no address %s:%s", host, port);
    int descriptor = socket(found->ai_family, SOCK_STREAM, 0), yes = 1;
    if (descriptor < 0 || connect(descriptor, found->ai_addr, found->ai_addrlen))
        die("no connection to %s:%s: %s", host, port, strerror(errno));
    freeaddrinfo(found);
    if (setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes)) die("TCP_NODELAY: %s", strerror(errno));
    return descriptor;
}

/* Write what there is; on a non-blocking socket the rest stays in the buffer. */
static void flush(int descriptor, struct buffer *out) {
    while (out->from < out->to) {
        ssize_t written = send(descriptor, out->bytes + out->from, out->to - out->from, MSG_NOSIGNAL);
        if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (written < 0) die("writing: %s", strerror(errno));
        out->from += (size_t)written;
    }
    out->from = out->to = 0;
}

/* Read what there is; 0 if nothing came. */
static int fill(int descriptor, struct buffer *in) {
    make_room(in, 65536);
    ssize_t got = recv(descriptor, in->bytes + in->to, in->room - in->to, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got <= 0) die("the broker closed the connection%s%s", got ? ": " : "", got ? strerror(errno) : "");
    in->to += (size_t)got;
    return 1;
}

/* Connect and subscribe on a blocking socket, to the last SUBACK. */
__attribute__((unused)) static int join(const char *host, const char *port, const char *client, const char *user,
                                        const char *password, const char *filter, struct buffer *in) {
    struct buffer out = {0};
    struct packet packet;
    int descriptor = open_socket(host, port);
    put_connect(&out, client, user, password);
    put_subscribe(&out, filter);
    flush(descriptor, &out);
    free(out.bytes);
    for (int answers = 0; answers < 2;) {
        while (take_packet(in, &packet)) answers += packet.type == CONNACK || packet.type == SUBACK;
        if (answers < 2) fill(descriptor, in);
    }
    return descriptor;
}

#endif
