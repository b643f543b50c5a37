#!/bin/sh
# Starts backup-sync with the Node that is installed with it.
library=$(dirname "$(readlink -f "$0")")/../lib/backup-sync
exec "$library/bin/node" "$library/dist/main.js" "$@"
