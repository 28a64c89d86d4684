# SPDX-License-Identifier: Apache-2.0
.PHONY: demo test bench lint prerequisites clean

SLUICE = target/release/sluice
CAPTURE = examples/captures/http_browsing.pcap

demo: prerequisites
	cargo build --quiet --release --bin sluice
	@mkdir -p target/demo
	$(SLUICE) run examples/firewall.nf --replay lan=$(CAPTURE) --capture wan=target/demo/wan.pcap

# Everything that CI runs. Tests whose names say `root` need root; without it they print why they were skipped.
test: prerequisites lint
	@scripts/install-missing tcpdump=tcpdump ip=iproute2 ping=iputils-ping
	cargo test --workspace --release --all-features

lint:
	cargo fmt --check
	cargo clippy --workspace --all-targets --all-features --quiet -- -D warnings

bench: prerequisites
	@scripts/install-missing ip=iproute2 ping=iputils-ping cpio=cpio
	cargo run --release --bin bench

prerequisites:
	@scripts/install-missing cc=gcc qemu-system-x86_64=qemu-system-x86

clean:
	rm -rf target build
