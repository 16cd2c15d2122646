/*
 * Builds the images that a power cut may leave of a disk whose writes are in a block log, and
 * mounts them.
 *
 *   crashstates LOG BYTES IMAGE DIRECTORY FILESYSTEM
 *
 * Reads commands, one a line:
 *   state RECORDS SEED MODE   the disk after so many log records, which never go back: all up to
 *                             the last flush are kept, of those behind it what the seed says;
 *                             mounted, MODE ro or rw. Answer: "mounted"
 *   drop                      unmounts. Answer: "dropped"
 * At the end of its input it unmounts and gives the loop device back.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 16, BLOCK = 4096, FLUSH = 2 };

struct record { uint32_t kind, length; uint64_t offset; char bytes[]; };

static const char *log_bytes;
static size_t log_size;
static char *base, *image;
static size_t size;
static char device[32];
static const char *mount_point;
static int mounted;
static uint64_t seed;

static void die(const char *what)
{
    fprintf(stderr, "crashstates: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint32_t chance(uint32_t below)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % below;
}

static void drop(const char *directory)
{
    /* what a process mapped there may go away a moment after it closed */
    for (int attempt = 0; mounted && umount(directory); attempt++) {
        if (errno != EBUSY || attempt == 60000)
            die("umount");
        usleep(1000);
    }
    /*
     * The namespace of another test's child may hold it: mounted again it would be the old state,
     * and what the old one writes at its end would be in the new one. Exclusively the device opens
     * when that has ended.
     */
    for (int attempt = 0; mounted; attempt++) {
        int loop = open(device, O_RDONLY | O_EXCL | O_CLOEXEC);
        if (loop >= 0) {
            close(loop);
            break;
        }
        if (errno != EBUSY || attempt == 60000)
            die(device);
        usleep(1000);
    }
    mounted = 0;
}

static void give_back(void)
{
    if (mounted)
        umount2(mount_point, MNT_DETACH);
    int loop = open(device, O_RDWR | O_CLOEXEC);
    if (loop >= 0)
        ioctl(loop, LOOP_CLR_FD, 0);
}

static void attach(const char *path)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
        int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
        if (number < 0)
            die("no loop device");
        close(control);
        snprintf(device, sizeof device, "/dev/loop%d", number);
        int file = open(path, O_RDWR | O_CLOEXEC), loop = open(device, O_RDWR | O_CLOEXEC);
        if (file < 0 || loop < 0)
            die(device);
        int taken = ioctl(loop, LOOP_SET_FD, file);
        close(file), close(loop);
        if (!taken) {
            atexit(give_back);
            return;
        }
        if (errno != EBUSY)
            die("LOOP_SET_FD");
    }
    die("LOOP_SET_FD");
}

static void apply(char *to, const struct record *write)
{
    memcpy(to + write->offset, write->bytes, write->length);
}

/* What of the unflushed writes is kept: all, none, each with a chance, or single blocks of each. */
static void apply_some(const char *from, const char *to)
{
    uint32_t way = chance(5), percent = 1 + chance(99);
    const char *last = from + (to > from ? chance((uint32_t)(to - from)) : 0);
    for (const char *at = from; at < to;) {
        const struct record *write = (const struct record *)at;
        at += sizeof *write + write->length;
        if (write->kind == FLUSH)
            continue; /* the one that was under way */
        if (way == 1 || (way == 2 && at > last) || (way == 3 && chance(100) >= percent))
            continue;
        if (way < 4) {
            apply(image, write);
            continue;
        }
        for (uint32_t part = 0; part < write->length; part += BLOCK)
            if (chance(100) < percent) {
                uint32_t rest = write->length - part;
                memcpy(image + write->offset + part, write->bytes + part, rest < BLOCK ? rest : BLOCK);
            }
    }
}

int main(int count, char **arguments)
{
    if (count != 6)
        return 2;
    size = strtoull(arguments[2], NULL, 10);
    mount_point = arguments[4];
    int log = open(arguments[1], O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (log < 0 || fstat(log, &st))
        die(arguments[1]);
    log_size = (size_t)st.st_size;
    log_bytes = mmap(NULL, log_size, PROT_READ, MAP_PRIVATE, log, 0);
    int file = open(arguments[3], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, (off_t)size))
        die(arguments[3]);
    image = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (log_bytes == MAP_FAILED || image == MAP_FAILED || base == MAP_FAILED)
        die("mmap");
    attach(arguments[3]);

    const char *flushed = log_bytes; /* base has all below */
    const char *cut = log_bytes;
    uint64_t records = 0;
    char line[128], mode[8];
    while (fgets(line, sizeof line, stdin)) {
        unsigned long long wanted, asked;
        drop(mount_point);
        if (sscanf(line, "state %llu %llu %7s", &wanted, &asked, mode) != 3) {
            puts("dropped"), fflush(stdout);
            continue;
        }
        seed = asked | 1;
        for (; records < wanted; records++) {
            const struct record *next = (const struct record *)cut;
            if (next->kind == FLUSH)
                for (; flushed < cut; flushed += sizeof *next + ((const struct record *)flushed)->length)
                    if (((const struct record *)flushed)->kind != FLUSH)
                        apply(base, (const struct record *)flushed);
            cut += sizeof *next + next->length;
        }
        for (size_t at = 0; at < size; at += CHUNK)
            if (memcmp(image + at, base + at, CHUNK))
                memcpy(image + at, base + at, CHUNK);
        apply_some(flushed, cut);
        if (mount(device, mount_point, arguments[5], !strcmp(mode, "ro") ? MS_RDONLY : 0, ""))
            die("mount");
        mounted = 1;
        puts("mounted"), fflush(stdout);
    }
    return 0;
}
