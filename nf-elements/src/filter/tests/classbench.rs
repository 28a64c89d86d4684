// SPDX-License-Identifier: Apache-2.0
//! Real-sized rule sets.
