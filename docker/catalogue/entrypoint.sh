#!/bin/sh
# Write the settings file from the environment (which refuses missing and placeholder secrets), then become one process.
set -eu
python config/stack/container.py settings
case "${1:-web}" in
    upgrade) exec python config/stack/inside.py "$CKAN_INI" upgrade ;;
    web) exec gunicorn -c config/gunicorn.conf.py -b 0.0.0.0:5000 wsgi:application ;;
    jobs) exec ckan -c "$CKAN_INI" jobs worker ;;
    gather) exec ckan -c "$CKAN_INI" participation harvest consume ;;
    # It blocks on an empty queue; without this Redis' client would end it after five seconds of silence.
    fetch) CKAN_REDIS_URL="$REDIS_URL?socket_timeout=86400" exec ckan -c "$CKAN_INI" harvester fetch-consumer ;;
    clock) exec ckan -c "$CKAN_INI" participation harvest clock ;;
    outbox) exec ckan -c "$CKAN_INI" participation outbox run ;;
    ckan) shift && exec ckan -c "$CKAN_INI" "$@" ;;
    *) exec "$@" ;;
esac
