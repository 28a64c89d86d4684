// The wiring of VM `address_names`, emitted from address-names.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, PacketIo, Route, Sink, Source, Verdict};

/// Code of `IPFilter@6` alone.
struct IpFilter6Code;

impl nf_elements::filter::Decide for IpFilter6Code {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &nf_elements::filter::Diagram { root: 3, transport: true, nodes: &[[67108866,0,0],[201359362,3,5],[268468226,8,10],[4,2,13],], wide: &[184549375,184549376,167772160,167772161,167772162,184549376,], narrow: &[65535,32768,65535,99,100,0,32768,0,4356,4608,0,1,0,65535,0,2,0,65535,], far: &[] }
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
        let near = words.near();
        'n0: {
        let value = near[0];
        if value < 0xa000002 {
            if value < 0xa000001 {
                if value < 0xa000000 {
                    return 32767;
                }
                break 'n0;
            }
            let value = near[4];
            if (0x1104..0x1200).contains(&value) {
                let value = near[3];
                if value == 0x63 {
                    return 0;
                }
                break 'n0;
            }
            break 'n0;
        }
        if value < 0xb000000 {
            break 'n0;
        }
        return 32767;
        }
        let value = near[1];
        if value == 0xaffffff {
            return 0;
        }
        return 32767;
    }
}

/// The elements of `address_names`.
pub struct Wiring {
    /// `AddressInfo@1 :: AddressInfo`
    address_info_1: AddressInfo,
    /// `PortInfo@2 :: PortInfo`
    port_info_2: PortInfo,
    /// `FromDevice@3 :: FromDevice`
    from_device_3: FromDevice,
    /// `EtherEncap@4 :: EtherEncap`
    ether_encap_4: EtherEncap,
    /// `UDPIPEncap@5 :: UDPIPEncap`
    udpip_encap_5: UdpIpEncap,
    /// `IPFilter@6 :: IPFilter`
    ip_filter_6: IpFilter<IpFilter6Code>,
    /// `ToDevice@7 :: ToDevice`
    to_device_7: ToDevice,
    /// `FromDevice@8 :: FromDevice`
    from_device_8: FromDevice,
    /// `@9/AddressInfo@1 :: AddressInfo`
    element_9_address_info_1: AddressInfo,
    /// `@9/SetIPAddress@2 :: SetIPAddress`
    element_9_set_ip_address_2: SetIpAddress,
    /// `@9/@3/SetIPAddress@1 :: SetIPAddress`
    element_9_3_set_ip_address_1: SetIpAddress,
    /// `@9/Print@4 :: Print`
    element_9_print_4: Print,
    /// `SetIPAddress@10 :: SetIPAddress`
    set_ip_address_10: SetIpAddress,
    /// `SetIPAddress@11 :: SetIPAddress`
    set_ip_address_11: SetIpAddress,
    /// `ToDevice@12 :: ToDevice`
    to_device_12: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            address_info_1: AddressInfo::new(),
            port_info_2: PortInfo::new(),
            from_device_3: FromDevice::new(0),
            ether_encap_4: EtherEncap::new(0x0800, [2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]),
            udpip_encap_5: UdpIpEncap::new([10, 0, 0, 1], 8080, Some([10, 255, 255, 255]), 99, true),
            ip_filter_6: IpFilter::new(3, IpFilter6Code),
            to_device_7: ToDevice::new(1),
            from_device_8: FromDevice::new(1),
            element_9_address_info_1: AddressInfo::new(),
            element_9_set_ip_address_2: SetIpAddress::new([192, 0, 2, 7]),
            element_9_3_set_ip_address_1: SetIpAddress::new([192, 0, 2, 7]),
            element_9_print_4: Print::new("me:ip", 24, true),
            set_ip_address_10: SetIpAddress::new([10, 0, 0, 1]),
            set_ip_address_11: SetIpAddress::new([10, 255, 255, 255]),
            to_device_12: ToDevice::new(0),
        }
    }

    #[inline]
    fn run_from_device_3<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_3.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(2, &batch) }
        self.ether_encap_4_0(io, batch);
        true
    }

    #[inline]
    fn run_from_device_8<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_8.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(7, &batch) }
        self.element_9_set_ip_address_2_0(io, batch);
        true
    }

    #[inline]
    fn ether_encap_4_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(3, packet) }
            if self.ether_encap_4.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(4, packet) }
            if self.udpip_encap_5.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(5, packet) }
            if self.ip_filter_6.route(io, 0, packet) != Some(0) {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(6, &batch) }
            self.to_device_7.consume(io, batch);
        }
    }

    #[inline]
    fn element_9_set_ip_address_2_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(9, packet) }
            if self.element_9_set_ip_address_2.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(10, packet) }
            if self.element_9_3_set_ip_address_1.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(11, packet) }
            if self.element_9_print_4.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(12, packet) }
            if self.set_ip_address_10.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(13, packet) }
            if self.set_ip_address_11.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(14, &batch) }
            self.to_device_12.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "wan"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("AddressInfo@1", "AddressInfo"),
        ("PortInfo@2", "PortInfo"),
        ("FromDevice@3", "FromDevice"),
        ("EtherEncap@4", "EtherEncap"),
        ("UDPIPEncap@5", "UDPIPEncap"),
        ("IPFilter@6", "IPFilter"),
        ("ToDevice@7", "ToDevice"),
        ("FromDevice@8", "FromDevice"),
        ("@9/AddressInfo@1", "AddressInfo"),
        ("@9/SetIPAddress@2", "SetIPAddress"),
        ("@9/@3/SetIPAddress@1", "SetIPAddress"),
        ("@9/Print@4", "Print"),
        ("SetIPAddress@10", "SetIPAddress"),
        ("SetIPAddress@11", "SetIPAddress"),
        ("ToDevice@12", "ToDevice"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_3(io);
        moved |= self.run_from_device_8(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "AddressInfo@1" => self.address_info_1.read_handler(handler, out),
            "PortInfo@2" => self.port_info_2.read_handler(handler, out),
            "FromDevice@3" => self.from_device_3.read_handler(handler, out),
            "EtherEncap@4" => self.ether_encap_4.read_handler(handler, out),
            "UDPIPEncap@5" => self.udpip_encap_5.read_handler(handler, out),
            "IPFilter@6" => self.ip_filter_6.read_handler(handler, out),
            "ToDevice@7" => self.to_device_7.read_handler(handler, out),
            "FromDevice@8" => self.from_device_8.read_handler(handler, out),
            "@9/AddressInfo@1" => self.element_9_address_info_1.read_handler(handler, out),
            "@9/SetIPAddress@2" => self.element_9_set_ip_address_2.read_handler(handler, out),
            "@9/@3/SetIPAddress@1" => self.element_9_3_set_ip_address_1.read_handler(handler, out),
            "@9/Print@4" => self.element_9_print_4.read_handler(handler, out),
            "SetIPAddress@10" => self.set_ip_address_10.read_handler(handler, out),
            "SetIPAddress@11" => self.set_ip_address_11.read_handler(handler, out),
            "ToDevice@12" => self.to_device_12.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "AddressInfo@1" => self.address_info_1.write_handler(handler, value),
            "PortInfo@2" => self.port_info_2.write_handler(handler, value),
            "FromDevice@3" => self.from_device_3.write_handler(handler, value),
            "EtherEncap@4" => self.ether_encap_4.write_handler(handler, value),
            "UDPIPEncap@5" => self.udpip_encap_5.write_handler(handler, value),
            "IPFilter@6" => self.ip_filter_6.write_handler(handler, value),
            "ToDevice@7" => self.to_device_7.write_handler(handler, value),
            "FromDevice@8" => self.from_device_8.write_handler(handler, value),
            "@9/AddressInfo@1" => self.element_9_address_info_1.write_handler(handler, value),
            "@9/SetIPAddress@2" => self.element_9_set_ip_address_2.write_handler(handler, value),
            "@9/@3/SetIPAddress@1" => self.element_9_3_set_ip_address_1.write_handler(handler, value),
            "@9/Print@4" => self.element_9_print_4.write_handler(handler, value),
            "SetIPAddress@10" => self.set_ip_address_10.write_handler(handler, value),
            "SetIPAddress@11" => self.set_ip_address_11.write_handler(handler, value),
            "ToDevice@12" => self.to_device_12.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
