// One token out for a token of each stream in, with reductions over the channels of the token (CONFIG::row).
//
// A beat is CONFIG::width elements in and CONFIG::out elements out, and takes CONFIG::cycles cycles.
#ifndef HWFLOW_ROW_H_
#define HWFLOW_ROW_H_

#include "hls_stream.h"

namespace hwflow {

template <class CONFIG, class res_T, class... data_T>
void row_beat(res_T &y, unsigned token, const data_T &... x) {
#pragma HLS INLINE
    CONFIG::row(x.data..., y.data, 0, token);
}

template <class CONFIG, class res_T, class... data_T> void row(hls::stream<res_T> &res, hls::stream<data_T> &... data) {
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
        res_T y;
        row_beat<CONFIG>(y, token, data.read()...);
        res.write(y);
    }
}

template <class CONFIG, class res_T, class... data_T> void row(res_T *res, data_T *... data) {
#pragma HLS INLINE
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
        CONFIG::row((data + token * CONFIG::width)..., res + token * CONFIG::out, 0, token);
    }
}

} // namespace hwflow

#endif
