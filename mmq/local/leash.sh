# Run a command that does not outlive whoever holds the other end of standard input, even if that one is killed.
#
# usage: leash.sh GRACE COMMAND [ARGUMENT...]     GRACE: tenths of a second between TERM and KILL
#
# The command takes over this very process, so signals and its exit code need no passing on. Beside it stays a watcher
# in the same process group: as long as that lives, the system gives the command's process id to nobody else, so what
# the watcher signals is the command or nothing.
grace=$1
shift
exec 3<&0 </dev/null

# A container whose first process reaps no orphans keeps the command's entry after its end; /proc tells the difference.
lives() {
    kill -0 $$ && ! grep -qs '^State:[[:space:]]*Z' /proc/$$/status
}

# Twice in the background: the watcher is then no child of the command, which might wonder about it.
(
    (
        read -r _ <&3 # returns when the other end is closed
        kill -TERM $$ || exit
        while [ "$grace" -gt 0 ] && lives; do
            grace=$((grace - 1))
            sleep 0.1
        done
        lives && kill -KILL 0
    ) >/dev/null 2>&1 &
)
exec "$@" 3<&-
