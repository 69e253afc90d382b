/* The load: many readers tap, one window of unanswered taps for all of them, every answer timed.
 *
 * Each reader has its own connection, as a real one has, and its taps lie ready as bytes in a file, so that nothing is
 * made or signed while the clock runs. A tap is sent as soon as fewer than WINDOW are unanswered: a window of 1 asks for
 * latency, a large one for throughput. With a PAUSE the next tap also waits until that long after the last answer (up to
 * twice as long, not in step with anybody's timers), as on a quiet campus, where everybody sleeps between two taps. An
 * answer is a message on the reader's `command` topic that names the tap ("for", or "id" from the echo); only the first
 * one counts.
 *
 *     load HOST PORT SITE FILE READERS WINDOW PAUSE_MS WARM_UP DEADLINE_S [USER PASSWORD]
 *
 * FILE is a line of text for each tap: number of the reader, name of the reader, payload. The id of the tap on line N
 * (from 0) ends in "-N". Prints one JSON object. Ends with status 1 if not every tap was answered before the deadline.
 */
#include "wire.h"

#include <fcntl.h>
#include <sys/epoll.h>

struct reader {
    int descriptor;
    char name[72];
    uint16_t last_id;
    int waits_to_write;
    struct buffer in, out;
};

struct tap {
    uint32_t reader, length;
    const char *payload;
    uint64_t sent, answered;
};

/* So long without any answer, and the run is over: a tap that got none by now gets none. */
#define STALLED_NS 5000000000u

static struct reader *readers;
static struct tap *taps;
static size_t tap_count, sent, answered, granted, duplicates, strangers;
static const char *site;
static int epoll;

static char *whole_file(const char *name, size_t *length) {
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END)) die("cannot read %s", name);
    *length = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*length + 1);
    if (!text || fread(text, 1, *length, file) != *length) die("cannot read %s", name);
    text[*length] = 0;
    fclose(file);
    return text;
}

static void read_taps(const char *file, size_t reader_count) {
    size_t length, room = 0;
    char *text = whole_file(file, &length);
    for (char *line = text, *end; line < text + length; line = end + 1) {
        end = strchr(line, '\n');
        if (!end) die("a line without end");
        if (tap_count == room) {
            room = room ? room * 2 : 4096;
            taps = realloc(taps, room * sizeof *taps);
            if (!taps) die("out of memory");
        }
        char *after;
        size_t reader = strtoul(line, &after, 10);
        char *name = after + 1, *payload = memchr(name, ' ', (size_t)(end - name));
        if (reader >= reader_count || !payload || payload - name >= (long)sizeof readers->name) die("line %zu", tap_count);
        memcpy(readers[reader].name, name, (size_t)(payload - name));
        payload++;
        taps[tap_count++] = (struct tap){.reader = (uint32_t)reader, .length = (uint32_t)(end - payload), .payload = payload};
    }
}

static void watch(size_t number, int for_writing) {
    struct epoll_event event = {.events = EPOLLIN | (for_writing ? EPOLLOUT : 0), .data.u64 = number};
    int known = readers[number].waits_to_write >= 0;
    if (epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, readers[number].descriptor, &event)) die("epoll_ctl");
    readers[number].waits_to_write = for_writing;
}

static void push_out(size_t number) {
    struct reader *reader = &readers[number];
    flush(reader->descriptor, &reader->out);
    int left = reader->out.from < reader->out.to;
    if (left != reader->waits_to_write) watch(number, left);
}

static void send_tap(struct tap *tap) {
    struct reader *reader = &readers[tap->reader];
    char topic[200];
    int length = snprintf(topic, sizeof topic, "campus/%s/reader/%s/tap", site, reader->name);
    if (++reader->last_id == 0) reader->last_id = 1;
    put_u8(&reader->out, 0x32);
    put_length(&reader->out, 2 + (size_t)length + 2 + tap->length);
    put_text(&reader->out, topic);
    put_u16(&reader->out, reader->last_id);
    put(&reader->out, tap->payload, tap->length);
    tap->sent = now_ns();
    push_out(tap->reader);
}

/* The tap that an answer names, or NULL. */
static struct tap *named_tap(const struct packet *packet) {
    static const char *const names[] = {"\"for\":\"", "\"id\":\""};
    for (size_t i = 0; i < 2; i++) {
        const char *at = memmem(packet->payload, packet->payload_length, names[i], strlen(names[i]));
        if (!at) continue;
        at += strlen(names[i]);
        const char *limit = (const char *)packet->payload + packet->payload_length;
        const char *end = memchr(at, '"', (size_t)(limit - at)), *dash = end;
        while (dash && dash > at && *dash != '-') dash--;
        if (!dash || dash == at) return NULL;
        size_t number = strtoul(dash + 1, NULL, 10);
        return number < sent ? &taps[number] : NULL;
    }
    return NULL;
}

static void take_answers(size_t number) {
    struct reader *reader = &readers[number];
    struct packet packet;
    uint64_t now = now_ns();
    while (take_packet(&reader->in, &packet)) {
        if (packet.type != PUBLISH) continue;
        if (packet.qos) put_puback(&reader->out, packet.id);
        struct tap *tap = named_tap(&packet);
        if (!tap || tap->reader != number) {
            strangers++;
        } else if (tap->answered) {
            duplicates++;
        } else {
            tap->answered = now;
            answered++;
            granted += memmem(packet.payload, packet.payload_length, "\"grant\"", 7) != NULL;
        }
    }
}

static int by_size(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static int by_answer(const void *left, const void *right) {
    return by_size(&((const struct tap *)left)->answered, &((const struct tap *)right)->answered);
}

static void report(size_t warm_up) {
    size_t counted = 0;
    uint64_t *took = malloc((tap_count + 1) * sizeof *took);
    for (size_t i = warm_up; i < tap_count; i++)
        if (taps[i].answered) took[counted++] = taps[i].answered - taps[i].sent;
    qsort(took, counted, sizeof *took, by_size);
    /* From the end of the warm-up to the last answer, in the order in which answers came. */
    qsort(taps, tap_count, sizeof *taps, by_answer);
    double seconds = 0, per_s = 0;
    if (answered > warm_up + 1) {
        size_t first = tap_count - answered + warm_up;
        seconds = (double)(taps[tap_count - 1].answered - taps[first].answered) / 1e9;
        per_s = (double)(tap_count - 1 - first) / seconds;
    }
#define AT(share) (counted ? (double)took[(size_t)((double)(counted - 1) * (share))] / 1e3 : 0.0)
    printf("{\"taps\":%zu,\"answered\":%zu,\"granted\":%zu,\"duplicates\":%zu,\"strangers\":%zu,\"seconds\":%.4f,"
           "\"per_s\":%.1f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}\n",
           tap_count, answered, granted, duplicates, strangers, seconds, per_s, AT(0.5), AT(0.9), AT(0.99), AT(1.0));
}

int main(int count, char **words) {
    if (count != 10 && count != 12)
        die("usage: load HOST PORT SITE FILE READERS WINDOW PAUSE_MS WARM_UP DEADLINE_S [USER PASSWORD]");
    site = words[3];
    size_t reader_count = strtoul(words[5], NULL, 10), window = strtoul(words[6], NULL, 10);
    uint64_t pause_ms = strtoull(words[7], NULL, 10), next_at = 0;
    size_t warm_up = strtoul(words[8], NULL, 10), seen = 0;
    uint64_t deadline = now_ns() + strtoull(words[9], NULL, 10) * 1000000000u;
    readers = calloc(reader_count, sizeof *readers);
    epoll = epoll_create1(0);
    if (!readers || epoll < 0 || !window) die("cannot begin");
    read_taps(words[4], reader_count);
    for (size_t i = 0; i < reader_count; i++) {
        char filter[200];
        snprintf(filter, sizeof filter, "campus/%s/reader/%s/command", site, readers[i].name);
        const char *user = count == 12 ? words[10] : "", *password = count == 12 ? words[11] : "";
        readers[i].descriptor = join(words[1], words[2], readers[i].name, user, password, filter, &readers[i].in);
        fcntl(readers[i].descriptor, F_SETFL, O_NONBLOCK);
        readers[i].waits_to_write = -1;
        watch(i, 0);
    }

    struct epoll_event events[64];
    uint64_t moved = now_ns();
    while (answered < tap_count && now_ns() < deadline && now_ns() - moved < STALLED_NS) {
        if (answered > seen) {
            seen = answered;
            moved = now_ns();
            next_at = pause_ms ? now_ns() + (pause_ms + answered * 7919 % (pause_ms + 1)) * 1000000u : 0;
        }
        while (sent < tap_count && sent - answered < window && (!next_at || now_ns() >= next_at)) {
            sent++;
            send_tap(&taps[sent - 1]);
        }
        int ready = epoll_wait(epoll, events, 64, pause_ms ? 1 : 100);
        if (ready < 0 && errno != EINTR) die("epoll_wait: %s", strerror(errno));
        for (int i = 0; i < ready; i++) {
            size_t number = events[i].data.u64;
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && fill(readers[number].descriptor, &readers[number].in))
                take_answers(number);
            push_out(number);
        }
    }
    report(warm_up);
    return answered == tap_count ? 0 : 1;
}
