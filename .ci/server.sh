# Sourced by what needs the program running as the README starts it: on an empty folder, which is
# removed at the end. `start_server` may be called again after `stop_server`, and finds the data.

data=$(mktemp -d /var/tmp/crm-ci.XXXXXX)
chmod 755 "$data"
export CRM_DATA_DIR=$data/crm CRM_LISTEN=127.0.0.1:${PORT:-18080}
server_log=$data/crm.log
server=

finish_server() {
    [ -z "$server" ] || kill -INT "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" || true
    rm -rf "$data"
}
trap finish_server EXIT

start_server() {
    "${CARGO_TARGET_DIR:-target}/debug/crm" >"$server_log" 2>&1 &
    server=$!
    for _ in $(seq 300); do
        curl -fs "http://$CRM_LISTEN/readyz" >/dev/null && return
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    cat "$server_log"; echo 'the program did not get ready'; exit 1
}

stop_server() {
    kill -INT "$server"
    wait "$server" || { cat "$server_log"; echo 'the program did not end cleanly'; exit 1; }
    server=
}
