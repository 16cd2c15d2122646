/*
 * Cuts a file system off from its disk, as a power cut does: powercut DIRECTORY OUTPUT. Prints how
 * long OUTPUT, a file elsewhere, was right before.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define SHUTDOWN _IOR('X', 125, uint32_t) /* EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN */

int main(int count, char **arguments)
{
    uint32_t without_log_flush = 2;
    struct stat output;
    int directory = count == 3 ? open(arguments[1], O_RDONLY | O_CLOEXEC) : -1;
    if (directory < 0 || stat(arguments[2], &output) ||
        ioctl(directory, SHUTDOWN, &without_log_flush)) {
        perror("powercut");
        return 1;
    }
    printf("%lld\n", (long long)output.st_size);
    return 0;
}
