#!/usr/bin/env bash
# Real peers on loopback for the integration tests: a mail server, mailboxes and an SMS gateway. Nothing leaves the machine.
#   peers.sh start DIR mail|imap|sms     installs what is missing (root, Debian), starts, prints NAME=value lines
#   peers.sh stop  DIR mail|imap|sms     stops what start began, by process id
# All state lies in DIR: configuration, queues, logs, ports.
# mail (Postfix): takes mail for anybody at any domain; each recipient has a mailbox DIR/mail/boxes/RECIPIENT (mbox).
#   refuse@… is refused with 550, defer@… with 451.       SMTP_URL, MAIL_DIR
# imap (Dovecot over Maildir): user people, password secret; a mail is a file that is moved into IMAP_BOX/new.
#   IMAP_PORT (plain and STARTTLS), IMAPS_PORT, IMAP_CA (certificate of the authority), IMAP_BOX
# sms (Kannel before an SMS centre of ours): takes every message, puts its parts together and reports delivery; SMS_FILE
#   gets one JSON line {"from", "to", "text"} for each.     SMS_URL, SMS_KEY, SMS_FILE
set -euo pipefail

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

[ $# = 3 ] || usage
command=$1 peer=$3
mkdir -p "$2"
dir=$(cd "$2" && pwd)/$peer
mkdir -p "$dir"

need() { # need FILE PACKAGE...: installs packages when FILE is missing; none of their services is started
  local file=$1; shift
  [ -e "$file" ] && return
  [ "$(id -u)" = 0 ] || { echo "missing $file: apt-get install $*" >&2; exit 1; }
  # tests that start at once install one after the other
  exec 8>/var/lock/samad-peers.lock; flock 8
  [ -e "$file" ] && { exec 8>&-; return; }
  local guard=/usr/sbin/policy-rc.d made=
  [ -e $guard ] || { printf '#!/bin/sh\nexit 101\n' >$guard; chmod 755 $guard; made=1; }
  export DEBIAN_FRONTEND=noninteractive
  { apt-get -qq update && apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@"; } \
    >"$dir/apt.log" 2>&1 || { tail -n 20 "$dir/apt.log" >&2; exit 1; }
  [ -z "$made" ] || rm -f $guard
  exec 8>&-
}

free_ports() { # free_ports COUNT: that many different free ports, one a line
  python3 - "$1" <<'P'
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held:
    s.bind(("127.0.0.1", 0))
for s in held:
    print(s.getsockname()[1])
P
}

ports() { # ports COUNT: free ports at the first start, the same ones at each later start of this DIR
  [ -e /usr/bin/python3 ] || command -v python3 >/dev/null || need /usr/bin/python3 python3
  [ -s "$dir/ports" ] || free_ports "$1" >"$dir/ports"
  cat "$dir/ports"
}

answers() { # answers PORT: waits until something listens there, 10 seconds at most
  for _ in $(seq 600); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done
  echo "$peer: nothing answers on port $1; see $dir" >&2; exit 1
}

runs() { [ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

background() { # background NAME COMMAND...: keeps its process id in NAME.pid and its output in NAME.log
  local name=$1; shift
  ( cd "$dir"; exec setsid "$@" >>"$dir/$name.log" 2>&1 </dev/null ) &
  echo $! >"$dir/$name.pid"
}

end() { # end PIDFILE...: TERM, and KILL after three seconds
  local file pid left
  for file in "$@"; do pid=$(tr -d ' \n' <"$file" 2>/dev/null || true); runs "$pid" && kill "$pid" || true; done
  for _ in $(seq 30); do
    left=
    for file in "$@"; do pid=$(tr -d ' \n' <"$file" 2>/dev/null || true); runs "$pid" && left=1; done
    [ -n "$left" ] || return 0
    sleep 0.1
  done
  for file in "$@"; do pid=$(tr -d ' \n' <"$file" 2>/dev/null || true); runs "$pid" && kill -9 "$pid" || true; done
}

start_mail() {
  need /usr/sbin/postfix postfix
  local port; port=$(ports 1)
  mkdir -p "$dir"/{etc,queue,data,boxes}
  # every directory above DIR must let the delivery agent through
  chmod 755 "$dir"; chown nobody "$dir/boxes"; chown postfix "$dir/data"
  cat >"$dir/etc/main.cf" <<C
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = $dir/mail.log
maillog_file_prefixes = $dir
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = peers.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = regexp:$dir/etc/any
virtual_mailbox_maps = regexp:$dir/etc/any
virtual_transport = box
box_destination_recipient_limit = 1
smtpd_recipient_restrictions = check_recipient_access regexp:$dir/etc/fates, permit_mynetworks, reject
smtpd_tls_security_level = none
smtpd_client_connection_count_limit = 0
smtputf8_enable = yes
C
  cat >"$dir/etc/master.cf" <<C
127.0.0.1:$port inet n - n - - smtpd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
error     unix - - n - - error
retry     unix - - n - - error
anvil     unix - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
box       unix - n n - - pipe flags=R user=nobody null_sender= argv=/bin/sh $dir/etc/keep \${original_recipient}
C
  # appends under a lock; the recipient names the file, with nothing that could leave the directory
  cat >"$dir/etc/keep" <<C
umask 022
box=$dir/boxes/\$(printf %s "\$1" | tr -c 'A-Za-z0-9@.+_\n-' _)
{ flock 9; { printf 'From peers Thu Jan  1 00:00:00 1970\n'; sed 's/^From />From /'; printf '\n'; } >>"\$box"; } 9>>"$dir/boxes/.lock"
C
  echo '/./ OK' >"$dir/etc/any"
  printf '/^refuse@/ 550 5.1.1 no such mailbox\n/^defer@/ 451 4.7.1 try again later\n' >"$dir/etc/fates"
  postfix -c "$dir/etc" start >"$dir/start.log" 2>&1 || { cat "$dir/start.log" >&2; exit 1; }
  answers "$port"
  echo "SMTP_URL=smtp://127.0.0.1:$port"
  echo "MAIL_DIR=$dir/boxes"
}

start_imap() {
  need /usr/lib/dovecot/imap dovecot-imapd; need /usr/bin/openssl openssl
  local ports; mapfile -t ports < <(ports 2)
  local plain=${ports[0]} tls=${ports[1]} t=$dir/tls
  chmod 755 "$dir"; mkdir -p "$dir/run" "$t" "$dir/box"/{new,cur,tmp}
  if [ ! -s "$t/server.pem" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=peers CA" \
      -addext basicConstraints=critical,CA:TRUE -keyout "$t/ca.key" -out "$t/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" -keyout "$t/server.key" -out "$t/server.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >"$t/ext"
    openssl x509 -req -in "$t/server.csr" -CA "$t/ca.pem" -CAkey "$t/ca.key" -CAcreateserial -days 30 -extfile "$t/ext" -out "$t/server.pem" 2>/dev/null
  fi
  chown -R mail "$dir/box"
  cat >"$dir/dovecot.conf" <<C
base_dir = $dir/run
state_dir = $dir/run
log_path = $dir/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <$t/server.pem
ssl_key = <$t/server.key
disable_plaintext_auth = no
mail_location = maildir:$dir/box
first_valid_uid = 1
mailbox_idle_check_interval = 1 secs
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=mail gid=mail home=$dir/box
}
service imap-login {
  inet_listener imap {
    port = $plain
  }
  inet_listener imaps {
    port = $tls
    ssl = yes
  }
}
C
  dovecot -c "$dir/dovecot.conf" >"$dir/start.log" 2>&1 || { cat "$dir/start.log" >&2; exit 1; }
  answers "$plain"; answers "$tls"
  echo "IMAP_PORT=$plain"
  echo "IMAPS_PORT=$tls"
  echo "IMAP_CA=$t/ca.pem"
  echo "IMAP_BOX=$dir/box"
}

centre_program() { # the SMS centre: a client of Kannel's "fake" connection, one message a line
  cat <<'P'
import json, socket, sys, time, urllib.parse

port, file = int(sys.argv[1]), sys.argv[2]
while True:
    try:
        line = socket.create_connection(("127.0.0.1", port))
        break
    except OSError:
        time.sleep(0.1)
print("connected", flush=True)

waiting = {}
for raw in line.makefile("rb"):
    print(raw, flush=True)
    sender, to, kind, rest = (raw.rstrip(b"\r\n").split(b" ", 3) + [b""] * 3)[:4]
    octets = lambda field: urllib.parse.unquote_to_bytes(field.replace(b"+", b" "))
    udh = b""
    if kind == b"udh":
        udh, kind, rest = (rest.split(b" ", 2) + [b""])[:3]
        udh = octets(udh)
    # "text" is plain, "data" is UCS-2
    text = rest.decode("utf-8", "replace") if kind == b"text" else octets(rest).decode("utf-16-be", "replace")
    if udh[:2] == b"\x05\x00":
        parts = waiting.setdefault((sender, to, udh[3]), {})
        parts[udh[5]] = text
        if len(parts) < udh[4]:
            continue
        del waiting[(sender, to, udh[3])]
        text = "".join(parts[number] for number in sorted(parts))
    sender, to = (urllib.parse.unquote(field.decode()) for field in (sender, to))
    with open(file, "a", encoding="utf-8") as received:
        received.write(json.dumps({"from": sender, "to": to, "text": text}, ensure_ascii=False) + "\n")
P
}

start_sms() {
  need /usr/sbin/bearerbox kannel
  local ports; mapfile -t ports < <(ports 4)
  local admin=${ports[0]} box=${ports[1]} send=${ports[2]} centre=${ports[3]}
  cat >"$dir/kannel.conf" <<C
group = core
admin-port = $admin
admin-interface = 127.0.0.1
admin-password = peers
smsbox-port = $box
box-allow-ip = "127.0.0.1"
dlr-storage = internal
log-level = 1
log-file = "$dir/bearerbox.log"

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = $centre
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = $send
log-level = 1
log-file = "$dir/smsbox.log"

group = sendsms-user
username = samad
password = peers
default-sender = "30001111"
concatenation = true
max-messages = 10

group = sms-service
keyword = default
max-messages = 0
text = "no reply"
C
  background bearerbox /usr/sbin/bearerbox -v 4 "$dir/kannel.conf"
  answers "$box"
  background smsbox /usr/sbin/smsbox -v 4 "$dir/kannel.conf"
  answers "$send"
  : >"$dir/received"
  centre_program >"$dir/centre.py"
  background centre python3 "$dir/centre.py" "$centre" "$dir/received"
  for _ in $(seq 100); do grep -q connected "$dir/centre.log" && break; sleep 0.1; done
  echo "SMS_URL=http://127.0.0.1:$send/cgi-bin/sendsms"
  echo "SMS_KEY=samad:peers"
  echo "SMS_FILE=$dir/received"
}

case $command-$peer in
  start-mail) start_mail ;;
  start-imap) start_imap ;;
  start-sms) start_sms ;;
  stop-mail) end "$dir/queue/pid/master.pid" ;;
  stop-imap) end "$dir/run/master.pid" ;;
  stop-sms) end "$dir/centre.pid" "$dir/smsbox.pid" "$dir/bearerbox.pid" ;;
  *) usage ;;
esac
