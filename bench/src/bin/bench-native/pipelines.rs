// SPDX-License-Identifier: Apache-2.0
//! The pipelines, in Click's language, so that any Click can run them as well.

use std::fmt::Write;

/// What makes the packets of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Generator {
    /// The same 64-byte UDP frame again and again.
    One,
    /// The same, each with a random destination address behind its checked IP header.
    RandomDestination,
    /// The same, its destination written into the packet: two to that power of flows, in random order.
    Flows(u32),
    /// SYNs, hardly one of which is of the same flow as another.
    Syns,
}

/// A pipeline between a generator and `Discard`.
pub struct Pipeline {
    /// Its name in tables and on the command line.
    pub name: String,
    /// What makes its packets.
    pub generator: Generator,
    /// The elements between; empty for the generator alone.
    pub body: String,
    /// Further statements.
    pub rest: String,
    /// What Click runs in place of the body, where it has no such elements.
    pub click_body: Option<String>,
    /// How many times fewer packets Click gets: it takes that much longer.
    pub click_divisor: u64,
}

/// Ethernet, IPv4 and UDP headers and 22 bytes: 64 in all.
const FRAME: &str = "0200 5e10 0002 0200 5e10 0001 0800 4500 0032 0000 4000 4011 26b9 0a00 0001 0a00 0002 \
    04d2 162e 001e 0000 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f 1011 1213 1415";

/// The same of TCP: a SYN with its maximum segment size, and padding.
const SYN: &str = "0200 5e10 0002 0200 5e10 0001 0800 4500 002c 0000 4000 4006 26ca 0a00 0001 0a00 0002 \
    04d2 0050 0000 0001 0000 0000 6002 2000 0000 0000 0204 05b4 0000 0000 0000";

impl Generator {
    /// The generator with its output open, and what it needs in front; its source is called `s`.
    fn text(self, packets: u64) -> String {
        let frame = if self == Generator::Syns { SYN } else { FRAME };
        let one = format!("s :: InfiniteSource(DATA \\<{frame}>, LIMIT {packets}, BURST 32, STOP true)");
        match self {
            Generator::One => one,
            Generator::RandomDestination => {
                format!("{one} -> Strip(14) -> CheckIPHeader -> SetRandIPAddress(10.0.0.0/8)")
            }
            Generator::Flows(_) | Generator::Syns => {
                let prefix = if let Generator::Flows(bits) = self { 32 - bits } else { 1 };
                format!(
                    "{one} -> Strip(14) -> CheckIPHeader -> SetRandIPAddress(10.0.0.0/{prefix}) -> StoreIPAddress(dst)"
                )
            }
        }
    }
}

impl Pipeline {
    fn new(name: impl Into<String>, generator: Generator, body: impl Into<String>) -> Self {
        Pipeline {
            name: name.into(),
            generator,
            body: body.into(),
            rest: String::new(),
            click_body: None,
            click_divisor: 1,
        }
    }

    fn with_rest(mut self, rest: impl Into<String>) -> Self {
        self.rest = rest.into();
        self
    }

    fn with_click(mut self, body: impl Into<String>) -> Self {
        self.click_body = Some(body.into());
        self
    }

    fn slow_in_click(mut self, divisor: u64) -> Self {
        self.click_divisor = divisor;
        self
    }

    /// The configuration for so many packets.
    pub fn text(&self, packets: u64) -> String {
        self.around(&self.body, packets)
    }

    /// The same for Click.
    pub fn click_text(&self, packets: u64) -> String {
        self.around(self.click_body.as_ref().unwrap_or(&self.body), packets)
    }

    fn around(&self, body: &str, packets: u64) -> String {
        let body = if body.is_empty() { String::new() } else { format!("-> {body}\n") };
        format!("{}\n{body}-> Discard;\n{}\n", self.generator.text(packets), self.rest)
    }
}

/// All pipelines; the generators alone stand first.
pub fn all() -> Vec<Pipeline> {
    use Generator::{Flows, One, RandomDestination, Syns};
    let checked = "Strip(14) -> CheckIPHeader";
    let mut all = vec![
        Pipeline::new("generator", One, ""),
        Pipeline::new("generator: random destination", RandomDestination, ""),
        Pipeline::new("generator: 16384 flows", Flows(14), ""),
        Pipeline::new("generator: 131072 flows", Flows(17), ""),
        Pipeline::new("generator: 1048576 flows", Flows(20), ""),
        Pipeline::new("generator: SYNs", Syns, ""),
        Pipeline::new("wire", One, "Null -> Null -> Null -> Null -> Null"),
        Pipeline::new("EtherMirror", One, "EtherMirror"),
        Pipeline::new("EtherSwitch", One, "[0] w :: EtherSwitch [1]").with_rest(
            "t :: InfiniteSource(DATA \\<0200 5e10 0001 0200 5e10 0002 0800 00>, LIMIT 1) -> [1] w [0] -> Discard;",
        ),
    ];
    for rules in [10, 100, 1000] {
        let body = format!("{checked} -> IPFilter({})", host_rules(rules));
        all.push(Pipeline::new(format!("IPFilter, {rules} hosts"), One, body));
    }
    for rules in [10, 100, 1000] {
        let body = format!("{checked} -> IPFilter({})", five_field_rules(rules));
        all.push(Pipeline::new(format!("IPFilter, {rules} rules"), One, body).slow_in_click(rules.max(10) / 10));
    }
    for count in [8, 1000, 500_000] {
        let body = format!("r :: RadixIPLookup({}) -> d :: DecIPTTL -> {ENCAP}", routes(count));
        let rest = "r[1] -> d; r[2] -> d; r[3] -> d; d[1] -> Discard;";
        all.push(Pipeline::new(format!("router, {count} routes"), RandomDestination, body).with_rest(rest));
    }
    let encap = format!("UDPIPEncap(192.0.2.1, 4000, 192.0.2.2, 4789) -> {ENCAP}");
    all.push(Pipeline::new("UDPIPEncap, EtherEncap", One, encap.clone()));
    // Ours goes into a tunnel (a source port from the inner flow's hash, IP and UDP headers, their checksums) and out of it again (IP header
    // checked, UDP checksum verified, inner frame bare). Click, which has no VXLAN, prepends the outer headers only: a fixed port, the same checksums.
    let vxlan = |checksum: bool| {
        let outer = format!("VXLANEncap(192.0.2.1, 192.0.2.2, 42, CHECKSUM {checksum}) -> {ENCAP}");
        format!("{outer} -> CheckIPHeader(14) -> VXLANDecap(42, CHECKSUM {checksum})")
    };
    for (name, checksum) in
        [("VXLAN in and out; Click: in, summed", false), ("VXLAN in and out, summed; Click: in, summed", true)]
    {
        all.push(Pipeline::new(name, One, vxlan(checksum)).with_click(encap.clone()));
    }
    // From a virtual machine to the wire; then to the other host's machine, which takes frames out of datagrams.
    let routes = "any any link 0 interface any, any any interface 0 link any";
    let direct = format!("[0] v :: VnetRouter(1, {routes}) [1] -> [1] w :: VnetRouter(1, {routes})");
    let idle = "v -> Discard; Idle -> [1] v; Idle -> w; w[1] -> Discard;";
    all.push(Pipeline::new("VNET/P, direct bridge, both hosts", One, direct).with_rest(idle));
    let udp = format!(
        "[0] v :: VnetRouter(1, {routes}, LINKS 8) [1] -> l :: VnetLinks(192.0.2.1, 192.0.2.2) -> CheckLength(1500) -> {ENCAP}
         -> sort :: Classifier(12/0800 20/0000%3fff, -) -> CheckIPHeader(14) -> Strip(14)
         -> [1] m :: VnetLinks(192.0.2.2, 192.0.2.1) [1] -> [1] w :: VnetRouter(1, {routes}, LINKS 8)"
    );
    let links = "sort[1] -> Discard; Idle -> [1] l [1] -> Discard; Idle -> m -> Discard;";
    all.push(Pipeline::new("VNET/P, UDP, both hosts", One, udp).with_rest(format!("{idle} {links}")));
    for bits in [14, 20] {
        let flows = 1 << bits;
        // 64,512 ports towards each destination.
        let pattern = "pattern 198.51.100.1 1024-65535 - - 0 1";
        let body = format!("n :: IPRewriter({pattern}, drop, MAPPING_CAPACITY {})", 2 * flows);
        all.push(
            Pipeline::new(format!("NAT, {flows} flows"), Flows(bits), body)
                .with_rest("Idle -> [1] n; n[1] -> Discard;"),
        );
    }
    // There and back, by the same rules without connections and with them.
    let rules = five_field_rules(100);
    let stateless = format!("IPFilter({rules}) -> IPMirror -> IPFilter({rules})");
    all.push(Pipeline::new("IPFilter both ways, 16384 flows", Flows(14), stateless));
    let stateful = format!("StatefulFilter(ct, allow state established, {rules})");
    let stateful = format!("[0] ct :: ConnTrack [0] -> {stateful} -> IPMirror -> [1] ct [1] -> {stateful}");
    all.push(Pipeline::new("StatefulFilter both ways, 16384 flows", Flows(14), stateful));
    // Each begins a connection, and soon takes another one's place.
    let flood = "[0] ct :: ConnTrack [0] -> StatefulFilter(ct, allow state established, allow tcp dst port 80)";
    all.push(Pipeline::new("StatefulFilter, flood of SYNs", Syns, flood));
    // All flows in the table, behind two rules; then a hop that remembers them and spreads them over four replicas.
    let director =
        "Unstrip(14) -> FlowDirector(web tcp port 80, DEFAULT bulk, CHAIN web 1, CHAIN bulk 2, FLOWS 131072)";
    all.push(Pipeline::new("director, 131072 flows", Flows(17), director));
    for (name, stateful) in [("hop, 4 replicas", ""), ("hop, 4 replicas, 131072 flows", "STATEFUL ")] {
        let hop = format!("hop :: ChainHop(SERVICE a 0, SERVICE b {stateful}1 2 3 4, CHAIN c 1 a b, FLOWS 131072)");
        let rest = "hop[5] -> [5] hop; hop[1] -> d :: Discard; hop[2] -> d; hop[3] -> d; hop[4] -> d;
            Idle -> [1] hop; Idle -> [2] hop; Idle -> [3] hop; Idle -> [4] hop;";
        all.push(Pipeline::new(name, Flows(17), format!("Unstrip(14) -> {hop}")).with_rest(rest));
    }
    all.extend(functions());
    all
}

const ENCAP: &str = "EtherEncap(0x0800, 02:00:5e:10:00:03, 02:00:5e:10:00:04)";

/// The five functions alone, and in a row.
fn functions() -> Vec<Pipeline> {
    let filter = format!("Strip(14) -> CheckIPHeader -> IPFilter({})", host_rules(10));
    let lookup = format!("r :: RadixIPLookup({}) -> d :: DecIPTTL", routes(8));
    let rest = "r[1] -> d; r[2] -> d; r[3] -> d; d[1] -> Discard;";
    let alone = |name: &str, body: String| Pipeline::new(format!("function: {name}"), Generator::One, body);
    vec![
        alone("mirror", "EtherMirror".into()),
        alone("filter", filter.clone()),
        alone("count", "Counter".into()),
        alone("route", format!("Strip(14) -> MarkIPHeader -> GetIPAddress(16) -> {lookup}")).with_rest(rest),
        alone("encapsulate", ENCAP.into()),
        alone("all five", format!("EtherMirror -> {filter} -> Counter -> GetIPAddress(16) -> {lookup} -> {ENCAP}"))
            .with_rest(rest),
    ]
}

/// Rules that deny hosts which do not occur, then one that lets all pass.
fn host_rules(count: u64) -> String {
    let mut text = String::new();
    for rule in 0..count - 1 {
        let _ = write!(text, "deny src host 172.{}.{}.{}, ", 16 + rule / 65536, rule / 256 % 256, rule % 256);
    }
    text + "allow all"
}

/// Rules over five fields that do not match, then one that lets all pass.
fn five_field_rules(count: u64) -> String {
    let mut text = String::new();
    for rule in 0..count - 1 {
        let _ = write!(
            text,
            "deny src net 10.0.{}.0/24 && dst net 10.{}.0.0/16 && udp && src port {} && dst port {}, ",
            rule % 4,
            rule / 4 % 250,
            1200 + rule % 100,
            2000 + rule
        );
    }
    text + "allow all"
}

/// A routing table: a default route, and prefixes of the lengths that the Internet's table has, to four neighbours.
fn routes(count: u64) -> String {
    let mut text = String::from("0.0.0.0/0 0");
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    let mut seen = std::collections::HashSet::new();
    while (seen.len() as u64) < count - 1 {
        // xorshift64*
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        let bits = random.wrapping_mul(0x2545_f491_4f6c_dd1d);
        // Shares of prefix lengths in the default-free zone (CIDR report, 2024), in percent.
        let length = match bits >> 57 & 127 {
            0..=75 => 24,
            76..=90 => 23 - (bits >> 50 & 1),
            91..=105 => 22,
            106..=114 => 20 + (bits >> 50 & 1),
            115..=121 => 19 - (bits >> 50 & 1),
            _ => 16,
        };
        // Half of them where the generator's destinations are.
        let address = if bits & 1 << 40 != 0 { 10 << 24 | bits as u32 & 0xff_ffff } else { bits as u32 };
        let network = address & (u32::MAX << (32 - length));
        if seen.insert((network, length)) {
            let [a, b, c, d] = network.to_be_bytes();
            let _ = write!(text, ", {a}.{b}.{c}.{d}/{length} 198.51.100.{} {}", 1 + bits % 4, bits % 4);
        }
    }
    text
}
