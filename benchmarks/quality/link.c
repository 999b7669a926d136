/* A link between two network namespaces: a TUN device at each end, and between them, each way for
 * itself, a rate with a queue that drops at its tail, a delay and random loss.
 *
 *     link NAMESPACE_A DEVICE_A NAMESPACE_B DEVICE_B SCHEDULE TRACE SEED SECONDS
 *
 * SCHEDULE has one line for each change, in order of time:
 *
 *     MILLISECONDS  RATE QUEUE DELAY LOSS  RATE QUEUE DELAY LOSS
 *
 * First the way from A to B, then that from B to A. RATE is in bits of IP packets a second, 0 has no
 * limit; QUEUE, how long a packet may have to wait, and DELAY are in microseconds; LOSS is in
 * millionths. Lines of a negative time count from the beginning; the clock of the others starts when
 * a line comes by standard input. Then "started" and that moment are printed, in microseconds since
 * 1970. What is lost takes the link's time, as it does on the air: an outage is a loss of all.
 *
 * It ends with its standard input, at the latest after SECONDS. TRACE has a `struct record` for each
 * packet. The same seed loses the same packets of each way, by their number.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { MTU = 1500, RING = 4096, MOST_STEPS = 4096, MILLION = 1000000 };
enum outcome { DELIVERED, LOST, DROPPED };

struct record {              /* of the trace, in the order in which packets left it */
    uint64_t arrived_us;     /* since 1970 */
    uint32_t sent_us;        /* until its last bit was on its way: queue and transmission */
    uint32_t transit_us;     /* until it was delivered; 0 unless it was */
    uint32_t ssrc;           /* of RTP (RFC 3550); 0 of anything else */
    uint16_t seq;
    uint16_t size;           /* bytes, with the IP header */
    uint8_t way;             /* 0: from A to B */
    uint8_t outcome;
    uint8_t pt;
    uint8_t reserved[5];
};

struct packet {
    uint64_t arrived_us, due_us;
    struct record record;
    uint8_t bytes[MTU];
};

struct conditions {
    uint64_t rate_bps, queue_us, delay_us, loss;
};

struct step {
    int64_t at_us;
    struct conditions ways[2];
};

struct way {                 /* ring: [first, sending) are in flight, [sending, end) wait */
    struct conditions now;
    int from, to;            /* the TUN devices */
    uint64_t free_us;        /* when the transmitter has sent what it had */
    uint64_t random;
    uint64_t waiting_bytes;
    uint32_t first, sending, end;
    struct packet ring[RING];
};

static struct way ways[2];
static struct step steps[MOST_STEPS];
static int step_count, next_step;
static uint64_t began_us;    /* the schedule's clock; 0: not yet */
static int64_t epoch_us;     /* of the monotonic clock's zero */
static FILE *trace;

static void fail(const char *what)
{
    fprintf(stderr, "link: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t clock_us(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * MILLION + (uint64_t)time.tv_nsec / 1000;
}

static int open_device(const char *namespace, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", namespace);
    int there = open(path, O_RDONLY | O_CLOEXEC);
    if (there < 0 || setns(there, CLONE_NEWNET) < 0) fail(path);
    close(there);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (device < 0 || ioctl(device, TUNSETIFF, &request) < 0) fail(name);
    return device;
}

static void read_schedule(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    struct step step;
    struct conditions *a = &step.ways[0], *b = &step.ways[1];
    while (fscanf(file, "%ld %lu %lu %lu %lu %lu %lu %lu %lu", &step.at_us,
                  &a->rate_bps, &a->queue_us, &a->delay_us, &a->loss,
                  &b->rate_bps, &b->queue_us, &b->delay_us, &b->loss) == 9) {
        if (step_count == MOST_STEPS) break;
        step.at_us *= 1000;
        steps[step_count++] = step;
    }
    if (!feof(file) || !step_count || steps[0].at_us >= 0) {
        fprintf(stderr, "link: %s is no schedule\n", path);
        exit(1);
    }
    fclose(file);
}

static void follow_schedule(uint64_t now)
{
    while (next_step < step_count) {
        const struct step *step = &steps[next_step];
        if (step->at_us >= 0 && (!began_us || now < began_us + (uint64_t)step->at_us)) return;
        for (int i = 0; i < 2; i++) ways[i].now = step->ways[i];
        next_step++;
    }
}

static uint64_t next_random(struct way *way)    /* xorshift64*, Vigna 2016 */
{
    way->random ^= way->random >> 12;
    way->random ^= way->random << 25;
    way->random ^= way->random >> 27;
    return way->random * 0x2545F4914F6CDD1DULL;
}

/* Note the RTP header of an IPv4 packet with UDP, if it has one (RFC 5761 section 4). */
static void read_rtp(const uint8_t *bytes, size_t size, struct record *record)
{
    size_t header = (size_t)(bytes[0] & 15) * 4;
    if (bytes[0] >> 4 != 4 || size < header + 20 || bytes[9] != 17) return;
    const uint8_t *rtp = bytes + header + 8;
    if (rtp[0] >> 6 != 2 || (rtp[1] >= 192 && rtp[1] <= 223)) return;
    record->pt = rtp[1] & 127;
    record->seq = (uint16_t)(rtp[2] << 8 | rtp[3]);
    record->ssrc = (uint32_t)rtp[8] << 24 | (uint32_t)rtp[9] << 16 | (uint32_t)rtp[10] << 8 | rtp[11];
}

static void leave(struct packet *packet, enum outcome outcome)
{
    packet->record.outcome = (uint8_t)outcome;
    if (fwrite(&packet->record, sizeof packet->record, 1, trace) != 1) fail("trace");
}

static uint64_t on_the_wire_us(const struct way *way, uint64_t bytes)
{
    return way->now.rate_bps ? bytes * 8 * MILLION / way->now.rate_bps : 0;
}

/* How long what comes now has to wait: for all that waits, less what the first has behind it. */
static uint64_t queue_us(const struct way *way, uint64_t now)
{
    if (way->sending == way->end) return 0;
    uint64_t began = way->ring[way->sending % RING].arrived_us;
    began = began > way->free_us ? began : way->free_us;
    uint64_t all = on_the_wire_us(way, way->waiting_bytes), sent = now > began ? now - began : 0;
    return all > sent ? all - sent : 0;
}

static void arrive(struct way *way, uint64_t now)
{
    for (;;) {
        struct packet *packet = &way->ring[way->end % RING];
        ssize_t size = read(way->from, packet->bytes, MTU);
        if (size <= 0) return;
        packet->arrived_us = now;
        packet->record = (struct record){
            .arrived_us = (uint64_t)((int64_t)now + epoch_us),
            .size = (uint16_t)size,
            .way = (uint8_t)(way - ways),
        };
        read_rtp(packet->bytes, (size_t)size, &packet->record);
        if (queue_us(way, now) > way->now.queue_us || way->end - way->first == RING - 1) {
            leave(packet, DROPPED);
            continue;
        }
        way->waiting_bytes += (uint64_t)size;
        way->end++;
    }
}

/* Send what waits, as far as the transmitter has come; when it will have come further. */
static uint64_t transmit(struct way *way, uint64_t now)
{
    while (way->sending != way->end) {
        struct packet *packet = &way->ring[way->sending % RING];
        uint64_t from = packet->arrived_us > way->free_us ? packet->arrived_us : way->free_us;
        uint64_t done = from + on_the_wire_us(way, packet->record.size);
        if (done > now) return done;
        way->free_us = done;
        way->waiting_bytes -= packet->record.size;
        way->sending++;
        packet->record.sent_us = (uint32_t)(done - packet->arrived_us);
        packet->due_us = done + way->now.delay_us;
        if (next_random(way) % MILLION < way->now.loss) packet->record.outcome = LOST;
    }
    return UINT64_MAX;
}

/* Hand out what has arrived at the other end; when the next one will have. */
static uint64_t deliver(struct way *way, uint64_t now)
{
    while (way->first != way->sending) {
        struct packet *packet = &way->ring[way->first % RING];
        if (packet->due_us > now) return packet->due_us;
        way->first++;
        if (packet->record.outcome == LOST) {
            leave(packet, LOST);
            continue;
        }
        packet->record.transit_us = (uint32_t)(now - packet->arrived_us);
        ssize_t written = write(way->to, packet->bytes, packet->record.size);
        leave(packet, written < 0 ? DROPPED : DELIVERED);
    }
    return UINT64_MAX;
}

static int listen_for_the_start(uint64_t now)    /* 0: the input has ended */
{
    char line[64];
    if (read(STDIN_FILENO, line, sizeof line) <= 0) return 0;
    if (!began_us) printf("started %ld\n", (int64_t)now + epoch_us);
    fflush(stdout);
    began_us = now;
    return 1;
}

static void run(uint64_t end)
{
    struct pollfd inputs[3] = {
        {.fd = ways[0].from, .events = POLLIN},
        {.fd = ways[1].from, .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN},
    };
    for (uint64_t now; (now = clock_us(CLOCK_MONOTONIC)) < end;) {
        follow_schedule(now);
        uint64_t due = now + 100000 < end ? now + 100000 : end;
        if (began_us && next_step < step_count) {
            uint64_t step = began_us + (uint64_t)steps[next_step].at_us;
            due = step < due ? step : due;
        }
        for (int i = 0; i < 2; i++) {
            transmit(&ways[i], now);
            arrive(&ways[i], now);
            uint64_t sent = transmit(&ways[i], now), out = deliver(&ways[i], now);
            due = sent < due ? sent : due;
            due = out < due ? out : due;
        }
        uint64_t ns = (due - now) * 1000;
        struct timespec wait = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
        if (ppoll(inputs, 3, &wait, NULL) < 0 && errno != EINTR) fail("poll");
        if (inputs[2].revents && !listen_for_the_start(clock_us(CLOCK_MONOTONIC))) return;
    }
}

int main(int count, char **arguments)
{
    if (count != 9) {
        fprintf(stderr, "link: eight arguments, see link.c\n");
        return 2;
    }
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
    struct sched_param priority = {.sched_priority = 10};
    sched_setscheduler(0, SCHED_FIFO, &priority);    /* a busy machine is no slow link */
    read_schedule(arguments[5]);
    trace = fopen(arguments[6], "wb");
    if (!trace) fail(arguments[6]);
    int a = open_device(arguments[1], arguments[2]), b = open_device(arguments[3], arguments[4]);
    uint64_t seed = strtoull(arguments[7], NULL, 10), now = clock_us(CLOCK_MONOTONIC);
    epoch_us = (int64_t)(clock_us(CLOCK_REALTIME) - now);
    for (int i = 0; i < 2; i++) {
        ways[i].from = i ? b : a;
        ways[i].to = i ? a : b;
        ways[i].random = (seed * 2 + (uint64_t)i + 1) * 0x9E3779B97F4A7C15ULL;
    }
    printf("ready\n");
    fflush(stdout);
    run(now + (uint64_t)(strtod(arguments[8], NULL) * MILLION));
    return fclose(trace) ? 1 : 0;
}
