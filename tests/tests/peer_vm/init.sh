#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The peer's only program: loads the modules, then does what /script says. What it prints is on the first serial port.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t tmpfs tmpfs /tmp
$b mount -t devtmpfs dev /dev
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
while read module; do $b insmod /modules/$module.ko || echo "failed: module $module"; done </modules/order
$b --install -s /bin
. /script
echo "peer: done"
while :; do sleep 1000; done
