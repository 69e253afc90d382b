/* The bare echo that the gateway is measured against: answers every tap of a site with its own bytes, and does nothing else.
 *
 * Subscribes to campus/SITE/+/+/tap at QoS 1, acknowledges, and publishes the payload at QoS 1 to the same device's
 * `command`. No decoding, no decision, no disk: what remains is the price of the broker and the sockets.
 *
 *     echo HOST PORT SITE [USER PASSWORD]
 *
 * Prints "ready" when subscribed; ends when standard input does.
 */
#include "wire.h"

#include <poll.h>

static void answer(struct buffer *out, const struct packet *tap, uint16_t id) {
    static const char was[] = "/tap", becomes[] = "/command";
    size_t stem = tap->topic_length - (sizeof was - 1);
    if (tap->topic_length < sizeof was || memcmp(tap->topic + stem, was, sizeof was - 1)) die("not a tap");
    size_t topic_length = stem + sizeof becomes - 1;
    put_u8(out, 0x32);
    put_length(out, 2 + topic_length + 2 + tap->payload_length);
    put_u16(out, (unsigned)topic_length);
    put(out, tap->topic, stem);
    put(out, becomes, sizeof becomes - 1);
    put_u16(out, id);
    put(out, tap->payload, tap->payload_length);
}

int main(int count, char **words) {
    if (count != 4 && count != 6) die("usage: echo HOST PORT SITE [USER PASSWORD]");
    char filter[128], client[128];
    snprintf(filter, sizeof filter, "campus/%s/+/+/tap", words[3]);
    snprintf(client, sizeof client, "echo-%s", words[3]);
    struct buffer in = {0}, out = {0};
    struct packet packet;
    int descriptor = join(words[1], words[2], client, count == 6 ? words[4] : "", count == 6 ? words[5] : "", filter, &in);
    puts("ready");
    fflush(stdout);

    uint16_t id = 0;
    struct pollfd waits[2] = {{.fd = descriptor, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    for (;;) {
        if (poll(waits, 2, -1) < 0 && errno != EINTR) die("poll: %s", strerror(errno));
        if (waits[1].revents) return 0;
        if (!waits[0].revents || !fill(descriptor, &in)) continue;
        while (take_packet(&in, &packet)) {
            if (packet.type != PUBLISH) continue;
            if (packet.qos) put_puback(&out, packet.id);
            if (++id == 0) id = 1;
            answer(&out, &packet, id);
        }
        flush(descriptor, &out);
    }
}
