/* Cuts a file system off from its disk, as a power cut does: powercut DIRECTORY. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define SHUTDOWN _IOR('X', 125, uint32_t) /* EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN */

int main(int count, char **arguments)
{
    uint32_t without_log_flush = 2;
    int directory = count == 2 ? open(arguments[1], O_RDONLY | O_CLOEXEC) : -1;
    if (directory < 0 || ioctl(directory, SHUTDOWN, &without_log_flush)) {
        perror("powercut");
        return 1;
    }
    return 0;
}
