#include "statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NFS_MAGIC 0x6969
#define CIFS_MAGIC 0xff534d42
#define SMB2_MAGIC 0xfe534d42
#define SMB_MAGIC 0x517b
#define FUSE_MAGIC 0x65735546

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

static int fail(struct statedir *d, const char *format, const char *path, const char *what)
{
	snprintf(d->error, sizeof d->error, format, path, what);
	return -1;
}

static int set(struct statedir *d, char *to, const char *base, const char *rest)
{
	size_t n = 0;
	to[0] = 0;
	if (base[0] != '/') {
		if (!getcwd(to, PATH_MAX))
			return fail(d, "cannot use the state directory %s: it is relative and getcwd failed: %s", base,
				    strerror(errno));
		n = strlen(to);
	}
	int m = snprintf(to + n, PATH_MAX - n, "%s%s%s", n ? "/" : "", base, rest);
	/* room is left for the longest file name in it */
	if (m < 0 || n + (size_t)m >= PATH_MAX - 256)
		return fail(d, "cannot use the state directory %.100s…: %s", base, "its path is too long");
	for (n += (size_t)m; n > 1 && to[n - 1] == '/'; n--)
		to[n - 1] = 0;
	return 0;
}

static int make(struct statedir *d)
{
	if (mkdir(d->path, 0700) == 0) {
		d->created = 1;
		return 0;
	}
	if (errno == EEXIST)
		return 0;
	if (errno == ENOENT) {
		char parent[PATH_MAX];
		memcpy(parent, d->path, sizeof parent);
		for (char *slash = parent + 1; (slash = strchr(slash, '/')); slash++) {
			*slash = 0;
			if (mkdir(parent, 0700) != 0 && errno != EEXIST)
				break;
			*slash = '/';
		}
		if (mkdir(d->path, 0700) == 0 || errno == EEXIST) {
			d->created = 1;
			return 0;
		}
	}
	return fail(d, "cannot make the state directory %s: %s", d->path, strerror(errno));
}

static int check(struct statedir *d)
{
	struct stat st;
	if (stat(d->path, &st) != 0)
		return fail(d, "cannot use the state directory %s: %s", d->path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(d, "cannot use the state directory %s: %s", d->path, "it is no directory");
	if (st.st_uid != geteuid())
		return fail(d, "cannot use the state directory %s: %s", d->path,
			    "it belongs to another user; set SHAREDSERVER_LOCKDIR to a directory of your own");
	if (st.st_mode & 022)
		return fail(d, "cannot use the state directory %s: %s", d->path,
			    "other users may write to it; run chmod 700 on it");
	if (d->chosen)
		return 0;
	struct statfs fs;
	if (statfs(d->path, &fs) == 0) {
		switch ((uint32_t)fs.f_type) {
		case NFS_MAGIC:
		case CIFS_MAGIC:
		case SMB2_MAGIC:
		case SMB_MAGIC:
		case FUSE_MAGIC:
			return fail(d, "cannot use the state directory %s: %s", d->path,
				    "it is on a network or FUSE file system, where locks are not reliable; set "
				    "SHAREDSERVER_LOCKDIR to a local directory, or to this one to use it all the same");
		default:
			break;
		}
	}
	return 0;
}

/* In /tmp anybody may have made the directory first: what is not ours, or is a link, is left alone. */
static int fallback(struct statedir *d)
{
	if (set(d, d->path, "/tmp/sharedserver", "") != 0)
		return -1;
	struct stat st;
	int made = mkdir(d->path, 0700) == 0;
	if (lstat(d->path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid()) {
		d->created = made;
		return 0;
	}
	char own[64];
	snprintf(own, sizeof own, "/tmp/sharedserver-%u", (unsigned)geteuid());
	const char *debug = variable("SHAREDSERVER_DEBUG");
	if (debug && strcmp(debug, "0") != 0)
		dprintf(2, "sharedserver: /tmp/sharedserver is not ours, using %s\n", own);
	if (set(d, d->path, own, "") != 0)
		return -1;
	d->created = mkdir(d->path, 0700) == 0;
	if (lstat(d->path, &st) != 0)
		return fail(d, "cannot use the state directory %s: %s", d->path, strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return fail(d, "cannot use the state directory %s: %s", d->path,
			    "it is a link or belongs to another user; set SHAREDSERVER_LOCKDIR to a directory of your own");
	return 0;
}

static void log_directory(struct statedir *d)
{
	const char *base = variable("XDG_STATE_HOME"), *home = variable("HOME");
	int n = 0;
	d->logs[0] = 0;
	if (d->chosen)
		return;
	if (base && base[0] == '/')
		n = snprintf(d->logs, sizeof d->logs, "%s/sharedserver", base);
	else if (home && home[0] == '/')
		n = snprintf(d->logs, sizeof d->logs, "%s/.local/state/sharedserver", home);
	/* cut off it would be another directory, and a log file needs room for its name: then beside the state */
	if (n < 0 || n >= PATH_MAX - 256)
		d->logs[0] = 0;
}

int statedir_open(struct statedir *d)
{
	const char *chosen = variable("SHAREDSERVER_LOCKDIR"), *runtime = variable("XDG_RUNTIME_DIR");
	d->created = 0;
	d->chosen = chosen != NULL;
	log_directory(d);
	if (chosen) {
		if (set(d, d->path, chosen, "") != 0)
			return -1;
	} else if (runtime) {
		if (set(d, d->path, runtime, "/sharedserver") != 0)
			return -1;
	} else {
		char user[64];
		struct stat st;
		snprintf(user, sizeof user, "/run/user/%u", (unsigned)geteuid());
		if (stat(user, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid()) {
			if (set(d, d->path, user, "/sharedserver") != 0)
				return -1;
		} else {
			return fallback(d) == 0 ? check(d) : -1;
		}
	}
	return make(d) == 0 ? check(d) : -1;
}

int statedir_address(const char *directory, const char *file, struct sockaddr_un *address, int *keep)
{
	*keep = -1;
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	if (strlen(directory) + 1 + strlen(file) < sizeof address->sun_path) {
		char *end = stpcpy(address->sun_path, directory);
		*end++ = '/';
		strcpy(end, file);
		return 0;
	}
	*keep = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*keep < 0)
		return -1;
	snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", *keep, file);
	return 0;
}

unsigned statedir_abstract(const char *directory, const char *kind, struct sockaddr_un *address)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	for (const char *c = directory; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211u;
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	int n = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "sharedserver-%s%u-%016llx",
			 kind, (unsigned)geteuid(), (unsigned long long)hash);
	return (unsigned)(sizeof(sa_family_t) + 1 + (size_t)n);
}

int statedir_is_ours(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}
