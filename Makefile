# SPDX-License-Identifier: Apache-2.0
.PHONY: demo test test-xen bench bench-native bench-rules bench-ring bench-density bench-scale bench-chain bench-vnet bench-director bench-xen fuzz lint prerequisites clean

SLUICE = target/release/sluice
CAPTURE = examples/captures/http_browsing.pcap

demo: prerequisites
	cargo build --quiet --release --bin sluice
	@mkdir -p target/demo
	$(SLUICE) run examples/firewall.nf --replay lan=$(CAPTURE) --repeat 500 --capture wan=target/demo/wan.pcap

# Everything that CI runs. Tests whose names say `root` need root; without it they print why they were skipped.
test: prerequisites lint
	@scripts/install-missing tcpdump=tcpdump tshark=tshark pcap-config=libpcap-dev ip=iproute2 ping=iputils-ping iperf3=iperf3 nft=nftables python3=python3
	cargo test --workspace --release --all-features
	RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test --release --package ring --lib

# On a Xen with a small Linux as dom0, both emulated: minutes, and 110 MB to fetch the first time.
test-xen: prerequisites
	@scripts/install-missing tcpdump=tcpdump
	cargo test --release --package qemu --package tests --test xen --test xen_links --test xen_vifs -- --ignored --test-threads=1

lint:
	cargo fmt --check
	cargo clippy --workspace --all-targets --all-features --quiet -- -D warnings
	cargo clippy --package nf-elements --quiet -- -D warnings

# Against a Linux VM, as root, in a network namespace of its own: about ten minutes. BENCH="--short" takes two, "--full" half an hour.
bench: prerequisites
	@scripts/install-missing ip=iproute2 tc=iproute2 ping=iputils-ping
	cargo build --release --bin sluice --bin bench
	target/release/bench $(BENCH)

# The data plane in memory; CLICK=…/click measures a Click or FastClick in turn. BENCH="--gate" only counts instructions.
bench-native: prerequisites
	@scripts/install-missing valgrind=valgrind
	cargo build --release --bin sluice --bin bench-native
	target/release/bench-native $(BENCH)

# 150 VMs at once: starts per second, idle processor time, memory. BENCH="--vms 300" takes more.
bench-density: prerequisites
	cargo build --release --bin sluice --bin bench-density
	target/release/bench-density $(BENCH)

# What a hop costs, in one VM and between VMs; needs root, as `make bench` does.
bench-chain: prerequisites
	@scripts/install-missing ip=iproute2 tc=iproute2
	cargo build --release --bin sluice --bin bench-chain
	target/release/bench-chain $(BENCH)

# What a flow director with 100,000 flows costs a chain of VMs; needs root, as `make bench` does. BENCH="--rounds 9" takes longer.
bench-director: prerequisites
	@scripts/install-missing ip=iproute2 tc=iproute2
	cargo build --release --bin sluice --bin bench-director
	target/release/bench-director $(BENCH)

# VNET/P's experiment: two hosts, native, as bridges and with UDP between them; needs root, as `make bench` does. BENCH="--rounds 9" takes longer.
bench-vnet: prerequisites
	@scripts/install-missing ip=iproute2 tc=iproute2 ping=iputils-ping iperf3=iperf3
	cargo build --release --bin sluice --bin bench-vnet
	target/release/bench-vnet $(BENCH)

# How soon a VM joins a service under load, and how soon one that was killed is back. BENCH="--rate 20000" sends more.
bench-scale: prerequisites
	cargo build --release --bin sluice --bin bench-scale
	target/release/bench-scale $(BENCH)

# Beside a Linux guest on the emulated Xen, and from VM to VM: about ten minutes. BENCH="--rounds 1" takes three, "--only pairs" one.
bench-xen: prerequisites
	cargo build --release --bin sluice --bin dom0 --bin bench-xen
	target/release/bench-xen $(BENCH)

# A link between two cores beside what the cores can do at all: a minute. It wants both for itself: `chrt -f 50` before it helps.
bench-ring: prerequisites
	cargo build --release --bin bench-ring
	target/release/bench-ring $(BENCH)

# Rule sets as data: time to build, bytes, nanoseconds per packet. RULES may name files of ClassBench.
bench-rules: prerequisites
	cargo build --release --bin bench-rules
	target/release/bench-rules $(BENCH) $(RULES)

# Each fuzz target for FUZZ_SECONDS, instrumented as libFuzzer wants it; needs no toolchain but the pinned one.
FUZZ_SECONDS = 30
FUZZ_TARGETS = chain chains pattern packet message bgp arguments script handlers ring dump xenstore netfront link tunnels vtep rules inspect
FUZZ_FLAGS = -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
  -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1

fuzz: prerequisites
	@scripts/install-missing c++=g++
	cd fuzz && CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="$(FUZZ_FLAGS)" cargo build --release --target x86_64-unknown-linux-gnu
	fuzz/seeds
	for target in $(FUZZ_TARGETS); do \
	  fuzz/target/x86_64-unknown-linux-gnu/release/$$target -fork=0 -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
	    $$(ls fuzz/dictionaries/$$target.dict 2>/dev/null | sed s/^/-dict=/) -max_len=4096 fuzz/corpus/$$target || exit 1; done

prerequisites:
	@scripts/install-missing cc=gcc qemu-system-x86_64=qemu-system-x86

clean:
	rm -rf target build
