/*
 * A disk that keeps a log of what is done to it: one file, "disk", in a FUSE directory. Each write
 * and each flush is appended to the log before it is answered, one after the other.
 *
 *   blocklog LOG BYTES -f -s DIRECTORY
 *
 * While the file LOG.fail is there, a write is refused with EIO when its bytes hold the text that
 * is in that file.
 *
 * A log record: u32 kind (1 write, 2 flush), u32 length, u64 offset, then the bytes written.
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *const NAME = "/disk";
static char *image;
static size_t size;
static int log_fd;
static char fail_path[4096];

static int append(uint32_t kind, uint32_t length, uint64_t offset, const void *bytes)
{
    struct { uint32_t kind, length; uint64_t offset; } head = { kind, length, offset };
    struct iovec parts[] = { { &head, sizeof head }, { (void *)bytes, length } };
    return writev(log_fd, parts, 2) == (ssize_t)(sizeof head + length) ? 0 : -EIO;
}

static int is_refused(const char *bytes, size_t length)
{
    char text[256];
    int file = open(fail_path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t count = read(file, text, sizeof text);
    close(file);
    return count > 0 && memmem(bytes, length, text, (size_t)count) != NULL;
}

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *file)
{
    (void)file;
    memset(st, 0, sizeof *st);
    if (!strcmp(path, "/")) {
        st->st_mode = S_IFDIR | 0700;
        st->st_nlink = 2;
    } else if (!strcmp(path, NAME)) {
        st->st_mode = S_IFREG | 0600;
        st->st_nlink = 1;
        st->st_size = (off_t)size;
    } else {
        return -ENOENT;
    }
    return 0;
}

static int open_disk(const char *path, struct fuse_file_info *file)
{
    file->direct_io = 1;
    return strcmp(path, NAME) ? -ENOENT : 0;
}

static int read_disk(const char *path, char *to, size_t length, off_t at, struct fuse_file_info *file)
{
    (void)path, (void)file;
    if ((size_t)at >= size)
        return 0;
    if (length > size - (size_t)at)
        length = size - (size_t)at;
    memcpy(to, image + at, length);
    return (int)length;
}

static int write_disk(const char *path, const char *from, size_t length, off_t at, struct fuse_file_info *file)
{
    (void)path, (void)file;
    if ((size_t)at + length > size)
        return -ENOSPC;
    if (is_refused(from, length))
        return -EIO;
    if (append(1, (uint32_t)length, (uint64_t)at, from))
        return -EIO;
    memcpy(image + at, from, length);
    return (int)length;
}

static int flush_disk(const char *path, int data_only, struct fuse_file_info *file)
{
    (void)path, (void)data_only, (void)file;
    return append(2, 0, 0, "");
}

static int truncate_disk(const char *path, off_t length, struct fuse_file_info *file)
{
    (void)path, (void)file;
    return (size_t)length == size ? 0 : -EINVAL;
}

int main(int count, char **arguments)
{
    static const struct fuse_operations operations = {
        .getattr = get_attributes, .open = open_disk, .read = read_disk,
        .write = write_disk, .fsync = flush_disk, .truncate = truncate_disk,
    };
    if (count < 4)
        return 2;
    log_fd = open(arguments[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    snprintf(fail_path, sizeof fail_path, "%s.fail", arguments[1]);
    size = strtoull(arguments[2], NULL, 10);
    image = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (log_fd < 0 || image == MAP_FAILED)
        return 1;
    arguments[2] = arguments[0];
    return fuse_main(count - 2, arguments + 2, &operations, NULL);
}
