// Exact helpers on fixed-point numbers. All kernels compute on raw bits: no float, no std::exp.
#ifndef HWFLOW_FIXED_H_
#define HWFLOW_FIXED_H_

#include "ap_fixed.h"
#include "ap_int.h"

namespace hwflow {

// The raw bits as an unsigned table address (two's complement order).
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> ap_uint<W> address(const ap_fixed<W, I, Q, O, N> &x) {
#pragma HLS INLINE
    return x.range(W - 1, 0);
}

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> ap_uint<W> address(const ap_ufixed<W, I, Q, O, N> &x) {
#pragma HLS INLINE
    return x.range(W - 1, 0);
}

// The same integer under another binary point: an exact scaling by a power of two, free in hardware.
template <class out_T, int W, int I, ap_q_mode Q, ap_o_mode O, int N>
out_T reinterpret(const ap_fixed<W, I, Q, O, N> &x) {
#pragma HLS INLINE
    ap_int<W> raw = x.range(W - 1, 0);
    ap_int<out_T::width> bits = raw;
    out_T y;
    y.range(out_T::width - 1, 0) = bits;
    return y;
}

template <class out_T, int W, int I, ap_q_mode Q, ap_o_mode O, int N>
out_T reinterpret(const ap_ufixed<W, I, Q, O, N> &x) {
#pragma HLS INLINE
    ap_uint<W> raw = x.range(W - 1, 0);
    ap_uint<out_T::width> bits = raw;
    out_T y;
    y.range(out_T::width - 1, 0) = bits;
    return y;
}

// Limits; the result type holds what can come out.
template <class out_T, class in_T> out_T at_least(const in_T &x, const in_T &limit) {
#pragma HLS INLINE
    return x < limit ? out_T(limit) : out_T(x);
}

template <class out_T, class in_T> out_T at_most(const in_T &x, const in_T &limit) {
#pragma HLS INLINE
    return limit < x ? out_T(limit) : out_T(x);
}

} // namespace hwflow

#endif
