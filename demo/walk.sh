# shellcheck shell=sh
# The walk-through itself: what demo/run shows, in order.

step "Install the extension"
show "CREATE EXTENSION gdpr CASCADE;"
