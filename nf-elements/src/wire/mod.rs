// SPDX-License-Identifier: Apache-2.0
//! Wire formats: headers as byte views, in the RFCs' own names.
