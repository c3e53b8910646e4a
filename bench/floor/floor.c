/*
 * The floor under a broker: what the kernel alone costs. One thread, epoll, nothing allocated while it runs.
 *
 *   floor PORT DIRECTORY       Produce v9: receive, CRC32C over each batch, offset written in place, append to one file a partition, answer
 *                              Fetch v11: the same file again and again by sendfile, up to 1 MiB a partition
 *
 * It believes what it is sent: no bounds are checked, nothing is recovered. For bench/floor.ts only. x86-64 with SSE 4.2, or aarch64 with CRC.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <nmmintrin.h>
#define CRC8(crc, value) _mm_crc32_u64(crc, value)
#define CRC1(crc, value) _mm_crc32_u8(crc, value)
#else
#include <arm_acle.h>
#define CRC8(crc, value) __crc32cd(crc, value)
#define CRC1(crc, value) __crc32cb(crc, value)
#endif

enum { PARTITIONS = 64, BUFFER = 4 << 20, SLICE = 1 << 20, OUT = 1 << 16 };

struct partition {
  int fd;
  uint64_t end, offset;
};

struct connection {
  int fd;
  size_t have;
  unsigned char *in;
  /* A Fetch that is being sent: head bytes, then a slice, for each partition in turn. */
  unsigned char out[OUT];
  size_t out_have, out_sent;
  int parts, part;
  uint32_t part_index[PARTITIONS], part_size[PARTITIONS];
  off_t part_at[PARTITIONS];
  uint32_t slice_sent;
  size_t part_head[PARTITIONS + 1];
};

static struct partition partitions[PARTITIONS];
static const char *directory;
static volatile uint32_t wrong;

static uint32_t crc32c(const unsigned char *at, size_t size) {
  uint64_t crc = 0xffffffff;
  for (; size >= 8; size -= 8, at += 8) {
    uint64_t value;
    memcpy(&value, at, 8);
    crc = CRC8(crc, value);
  }
  for (; size > 0; size--) crc = CRC1((uint32_t)crc, *at++);
  return ~(uint32_t)crc;
}

static uint32_t be32_at(const unsigned char *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return ntohl(value);
}

static uint16_t be16_at(const unsigned char *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static unsigned char *put32(unsigned char *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
  return at + 4;
}

static unsigned char *put64(unsigned char *at, uint64_t value) {
  value = htobe64(value);
  memcpy(at, &value, 8);
  return at + 8;
}

static uint32_t uvarint(const unsigned char **at) {
  uint32_t value = 0;
  for (int shift = 0;; shift += 7) {
    unsigned char byte = *(*at)++;
    value |= (uint32_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

static struct partition *partition_of(uint32_t index) {
  struct partition *partition = &partitions[index % PARTITIONS];
  if (partition->fd == 0) {
    char path[4096];
    snprintf(path, sizeof path, "%s/floor-%u.log", directory, index);
    partition->fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (partition->fd < 0) { perror(path); exit(1); }
  }
  return partition;
}

static void produce(struct connection *c, const unsigned char *frame) {
  const unsigned char *at = frame + 8;
  uint32_t correlation = be32_at(frame + 4);
  at += 2 + be16_at(at) + 1; /* client id, tags */
  at += 1 + 2 + 4 + 1;       /* no transactional id, acks, timeout, one topic */
  const unsigned char *name = at;
  uint32_t name_size = uvarint(&at) - 1;
  at += name_size + 1; /* one partition */
  uint32_t index = be32_at(at);
  at += 4;
  uint32_t size = uvarint(&at) - 1;
  unsigned char *batch = (unsigned char *)at;
  struct partition *partition = partition_of(index);
  if (crc32c(batch + 21, size - 21) != be32_at(batch + 17)) wrong++;
  put64(batch, partition->offset);
  put32(batch + 12, 0);
  uint64_t base = partition->offset;
  partition->offset += be32_at(batch + 23) + 1;
  for (uint32_t done = 0; done < size;) {
    ssize_t some = pwrite(partition->fd, batch + done, size - done, (off_t)(partition->end + done));
    if (some <= 0) { perror("write"); exit(1); }
    done += (uint32_t)some;
  }
  partition->end += size;
  unsigned char *start = c->out + c->out_have, *out = start + 4;
  out = put32(out, correlation);
  *out++ = 0;
  *out++ = 2;
  memcpy(out, name, name_size + 1);
  out += name_size + 1;
  *out++ = 2;
  out = put32(out, index);
  *out++ = 0;
  *out++ = 0;
  out = put64(out, base);
  out = put64(out, (uint64_t)-1);
  out = put64(out, 0);
  *out++ = 1; /* no record errors */
  *out++ = 0; /* no message */
  *out++ = 0;
  *out++ = 0;
  out = put32(out, 0);
  *out++ = 0;
  put32(start, (uint32_t)(out - start - 4));
  c->out_have += (size_t)(out - start);
}

static void fetch(struct connection *c, const unsigned char *frame) {
  const unsigned char *at = frame + 8;
  uint32_t correlation = be32_at(frame + 4);
  at += 2 + be16_at(at);
  at += 4 + 4 + 4 + 4 + 1 + 4 + 4 + 4; /* up to the one topic */
  const unsigned char *name = at;
  uint16_t name_size = be16_at(at);
  at += 2 + name_size;
  c->parts = (int)be32_at(at);
  at += 4;
  unsigned char *start = c->out, *out = start + 4;
  out = put32(out, correlation);
  out = put32(out, 0);
  *out++ = 0;
  *out++ = 0;
  out = put32(out, 0);
  out = put32(out, 1);
  memcpy(out, name, (size_t)name_size + 2);
  out += name_size + 2;
  out = put32(out, (uint32_t)c->parts);
  uint64_t total = 0;
  for (int i = 0; i < c->parts; i++, at += 28) {
    uint32_t index = be32_at(at);
    struct partition *partition = partition_of(index);
    /* The offset does not matter to what it costs: slices one after the other. */
    off_t from = c->part_at[i];
    if (from + SLICE > (off_t)partition->end) from = 0;
    uint32_t size = partition->end < SLICE ? (uint32_t)partition->end : SLICE;
    c->part_at[i] = from;
    c->part_index[i] = index;
    c->part_size[i] = size;
    total += size;
    out = put32(out, index);
    *out++ = 0;
    *out++ = 0;
    out = put64(out, partition->offset);
    out = put64(out, partition->offset);
    out = put64(out, 0);
    out = put32(out, (uint32_t)-1);
    out = put32(out, (uint32_t)-1);
    out = put32(out, size);
    c->part_head[i] = (size_t)(out - start);
  }
  c->out_have = (size_t)(out - start);
  c->out_sent = 0;
  c->part = 0;
  c->slice_sent = 0;
  put32(start, (uint32_t)(c->out_have - 4 + total));
}

/* 1: all sent; 0: the socket is full; -1: gone. */
static int flush(struct connection *c) {
  for (;;) {
    size_t until = c->part < c->parts ? c->part_head[c->part] : c->out_have;
    while (c->out_sent < until) {
      ssize_t some = send(c->fd, c->out + c->out_sent, until - c->out_sent, MSG_NOSIGNAL | (c->parts ? MSG_MORE : 0));
      if (some < 0) return errno == EAGAIN ? 0 : -1;
      c->out_sent += (size_t)some;
    }
    if (c->part >= c->parts) break;
    struct partition *partition = partition_of(c->part_index[c->part]);
    while (c->slice_sent < c->part_size[c->part]) {
      off_t at = c->part_at[c->part] + c->slice_sent;
      ssize_t some = sendfile(c->fd, partition->fd, &at, c->part_size[c->part] - c->slice_sent);
      if (some < 0) return errno == EAGAIN ? 0 : -1;
      c->slice_sent += (uint32_t)some;
    }
    c->part_at[c->part] += c->slice_sent;
    c->slice_sent = 0;
    c->part++;
  }
  c->out_have = c->out_sent = 0;
  c->parts = c->part = 0;
  return 1;
}

static int receive(struct connection *c) {
  ssize_t some = recv(c->fd, c->in + c->have, BUFFER - c->have, 0);
  if (some < 0) return errno == EAGAIN ? 0 : -1;
  if (some == 0) return -1;
  c->have += (size_t)some;
  size_t at = 0;
  while (c->have - at >= 4) {
    uint32_t size = be32_at(c->in + at);
    if (c->have - at - 4 < size) break;
    if (be16_at(c->in + at + 4) == 0) produce(c, c->in + at + 4);
    else fetch(c, c->in + at + 4);
    at += 4 + size;
  }
  memmove(c->in, c->in + at, c->have - at);
  c->have -= at;
  return flush(c) < 0 ? -1 : 0;
}

int main(int argc, char **argv) {
  if (argc != 3) { fprintf(stderr, "floor PORT DIRECTORY\n"); return 2; }
  directory = argv[2];
  int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 128) < 0) {
    perror("listen");
    return 1;
  }
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[64];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < count; i++) {
      struct connection *c = events[i].data.ptr;
      if (c == NULL) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        c = calloc(1, sizeof *c);
        c->fd = fd;
        c->in = malloc(BUFFER);
        event = (struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
        continue;
      }
      int state = flush(c);
      for (int turn = 0; turn < 16 && state >= 0; turn++) {
        size_t before = c->have;
        errno = 0;
        state = receive(c);
        if (errno == EAGAIN && c->have == before) break;
      }
      if (state < 0) {
        close(c->fd);
        free(c->in);
        free(c);
      } else {
        /* Edge triggered: whoever stopped early is asked again. */
        event = (struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
        epoll_ctl(poll, EPOLL_CTL_MOD, c->fd, &event);
      }
    }
  }
}
