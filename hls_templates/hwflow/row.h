// One token in, one token out, with reductions over the channels of the token (CONFIG::row).
//
// A beat is CONFIG::width elements in and CONFIG::out elements out, and takes CONFIG::cycles cycles.
#ifndef HWFLOW_ROW_H_
#define HWFLOW_ROW_H_

#include "hls_stream.h"

namespace hwflow {

template <class data_T, class res_T, class CONFIG> void row(hls::stream<data_T> &data, hls::stream<res_T> &res) {
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
        const data_T x = data.read();
        typename data_T::value_type in[CONFIG::width];
        typename res_T::value_type out[CONFIG::out];
#pragma HLS ARRAY_PARTITION variable = in complete
#pragma HLS ARRAY_PARTITION variable = out complete
        for (unsigned n = 0; n < CONFIG::width; n++)
            in[n] = x[n];
        CONFIG::row(in, out, 0, token);
        res_T y;
        for (unsigned n = 0; n < CONFIG::out; n++)
            y[n] = out[n];
        res.write(y);
    }
}

template <class data_T, class res_T, class CONFIG> void row(data_T *data, res_T *res) {
#pragma HLS INLINE
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
        CONFIG::row(data + token * CONFIG::width, res + token * CONFIG::out, 0, token);
    }
}

} // namespace hwflow

#endif
