# SPDX-License-Identifier: Apache-2.0
# Sends packets between two devices one by one, and prints what becomes of each. Behind each goes one that the rules let pass: when that has
# come and the first has not, the first was stopped. Of some it waits for the answer that rejects them.
import itertools, select, socket, struct, sys
lan, wan, to_lan, to_wan = sys.argv[1:5]
MARK = b"packet number "
def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return 0xffff - total
def datagram(protocol, source, destination, transport, sum_at=None):
    six = ":" in source
    family = socket.AF_INET6 if six else socket.AF_INET
    ends = socket.inet_pton(family, source) + socket.inet_pton(family, destination)
    if sum_at is not None:
        pseudo = ends + struct.pack(">II", len(transport), protocol) if protocol != 1 else b""
        sum_ = struct.pack(">H", checksum(pseudo + transport))
        transport = transport[:sum_at] + sum_ + transport[sum_at + 2:]
    if six:
        return struct.pack(">IHBB", 6 << 28, len(transport), protocol, 64) + ends + transport
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(transport), 1, 0, 64, protocol, 0) + ends
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + transport
def tcp(source, destination, ports, flags, numbers=(0, 0), data=b""):
    head = struct.pack(">HHIIBBHHH", *ports, *numbers, 0x50, flags, 8192, 0, 0)
    return datagram(6, source, destination, head + data, 16)
def udp(source, destination, ports, data):
    return datagram(17, source, destination, struct.pack(">HHHH", *ports, 8 + len(data), 0) + data, 6)
def icmp(source, destination, kind, data, number=7):
    protocol = 58 if ":" in source else 1
    return datagram(protocol, source, destination, struct.pack(">BBHHH", kind, 0, 0, number, 1) + data, 2)
SYN, ACK, RST = 2, 16, 4
inside, other, outside, bad = "10.9.0.2", "10.9.0.7", "192.168.7.2", "192.0.2.9"
inside6, outside6 = "2001:db8::2", "2001:db8:7::2"
def packets():
    port = itertools.count(20000)
    for service in (22, 23, 25, 80, 443, 8079, 8080, 8090, 8091, 53):
        for source in (inside, other):
            mine = next(port)
            yield lan, lambda d, s=source, m=mine, v=service: tcp(s, outside, (m, v), SYN, (100, 0), d)
            yield wan, lambda d, s=source, m=mine, v=service: tcp(outside, s, (v, m), SYN | ACK, (900, 101 + len(d)), d)
    for service in (53, 5000, 6999, 7000, 7999, 8000):
        mine = next(port)
        yield lan, lambda d, m=mine, v=service: udp(inside, outside, (m, v), d)
        yield wan, lambda d, m=mine, v=service: udp(outside, inside, (v, m), d)
        yield wan, lambda d, m=mine, v=service: udp(outside, other, (m, v), d)
    for source in (bad, "198.51.100.7", "198.51.100.8", "203.0.113.4", "203.0.113.5", "203.0.113.20", "203.0.113.21"):
        yield wan, lambda d, s=source, m=next(port): udp(s, inside, (m, 7100), d)
        yield wan, lambda d, s=source, m=next(port): udp(s, inside, (m, 53), d)
    yield lan, lambda d: udp(inside, outside, (5000, 53), d)
    yield lan, lambda d: udp(inside, outside, (5000, 99), d)
    yield lan, lambda d: icmp(inside, outside, 8, d)
    yield wan, lambda d: icmp(outside, inside, 0, d)
    yield wan, lambda d: icmp(outside, inside, 8, d, 9)
    yield wan, lambda d: icmp(outside, inside, 0, d, 11)
    yield lan, lambda d: icmp(inside, outside, 13, d, 12)
    yield lan, lambda d: icmp(inside6, outside6, 128, d)
    yield wan, lambda d: icmp(outside6, inside6, 129, d)
    yield wan, lambda d: icmp(outside6, inside6, 128, d, 9)
    for service in (22, 23, 80, 81):
        mine = next(port)
        yield lan, lambda d, m=mine, v=service: tcp(inside6, outside6, (m, v), SYN, (100, 0), d)
        yield wan, lambda d, m=mine, v=service: tcp(outside6, inside6, (v, m), SYN | ACK, (900, 101 + len(d)), d)
    for service in (4000, 4001):
        for name, source, destination in [(lan, inside, outside), (wan, outside, inside)] * 4:
            yield name, lambda d, n=name, s=source, t=destination, m=next(port), v=service: udp(s, t, (m, v), d)
    for name, source, destination in [(lan, inside, outside), (wan, outside, inside), (lan, inside6, outside6)]:
        ends = (source, destination)
        yield name, lambda d, e=ends, m=next(port): tcp(*e, (m, 25), SYN, (100, 0), d), True
        for service in (26, 27):
            yield name, lambda d, e=ends, m=next(port), v=service: udp(*e, (m, v), d), True
        yield name, lambda d, e=ends, m=next(port): udp(*e, (m, 28), d)
    yield lan, lambda d: tcp(inside, outside, (30000, 80), RST | SYN, (100, 0), d)
    yield lan, lambda d: datagram(47, inside, outside, d)
    yield wan, lambda d: datagram(47, outside, inside, d)
sockets = {}
for name in (lan, wan):
    sockets[name] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sockets[name].bind((name, 0))


def hardware(text):
    return bytes.fromhex(text.replace(":", ""))


def send(name, packet):
    kind = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"
    sockets[name].send(hardware(to_lan if name == lan else to_wan) + b"\x02\0\0\0\0\x99" + kind + packet)


def behind(name, number, six, data):
    # Of the same version of IP: only those are sure to stay in order.
    near, far = (inside6, outside6) if six else (inside, outside)
    if name == lan:
        return udp(near, far, (40000 + number, 53), data)
    return udp(far, near, (40000 + number, 7500), data)


def rejection(frame, data):
    """What an answer tells the sender of data; its source is the router's own address, or that of who was sent to."""
    packet = frame[14:]
    protocol, rest = (packet[9], packet[20:]) if packet[0] >> 4 == 4 else (packet[6], packet[40:])
    if protocol in (1, 58) and data in rest:
        return f"icmp {rest[0]} {rest[1]}"
    return f"reset {rest[:14].hex()}" if protocol == 6 and rest[13] & RST else None


def received(near, what):
    if not select.select([near], [], [], 60)[0]:
        sys.exit(f"{what} never comes")
    frame, address = near.recvfrom(4096)
    return b"" if address[2] == socket.PACKET_OUTGOING else frame


for number, (name, make, *rejected) in enumerate(packets()):
    data, end = MARK + b"%04d" % number, b"what follows %04d" % number
    there = sockets[wan if name == lan else lan]
    packet = make(data)
    send(name, packet)
    answer = None
    while rejected and not answer:
        frame = received(sockets[name], f"the answer to packet {number}")
        answer = frame and rejection(frame, data)
    send(name, behind(name, number, packet[0] >> 4 == 6, end))
    seen = set()
    while end not in seen:
        frame = received(there, f"what follows packet {number}")
        seen |= {text for text in (end, data) if text in frame}
    print(number, "lan" if name == lan else "wan", "passes" if data in seen else "stopped", answer or "", flush=True)
