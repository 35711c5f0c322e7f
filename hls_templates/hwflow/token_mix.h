// Constant matrix times the tokens of a frame: out[s] = sum over t of w[s][t] * x[t] (Linformer's projection).
//
// Beat in and out: CONFIG::width elements. CONFIG::tokens beats in, then CONFIG::rows beats out.
// Fold: every beat in takes CONFIG::cycles cycles.
#ifndef HWFLOW_TOKEN_MIX_H_
#define HWFLOW_TOKEN_MIX_H_

#include "hls_stream.h"

namespace hwflow {

template <class data_T, class res_T, class CONFIG, class weight_T>
void token_mix(hls::stream<data_T> &data, hls::stream<res_T> &res, weight_T *weights) {
#pragma HLS ARRAY_PARTITION variable = weights complete
    typename CONFIG::acc_t acc[CONFIG::rows][CONFIG::width];
#pragma HLS ARRAY_PARTITION variable = acc complete dim = 0
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
        const data_T x = data.read();
    Accumulate:
        for (unsigned row = 0; row < CONFIG::rows; row++) {
            for (unsigned n = 0; n < CONFIG::width; n++) {
                typename CONFIG::acc_t sum = 0;
                if (token != 0)
                    sum = acc[row][n];
                sum += weights[row * CONFIG::tokens + token] * x[n];
                acc[row][n] = sum;
            }
        }
    }
Rows:
    for (unsigned row = 0; row < CONFIG::rows; row++) {
#pragma HLS PIPELINE II = 1
        res_T y;
        for (unsigned n = 0; n < CONFIG::width; n++)
            y[n] = CONFIG::apply(acc[row][n], row, n);
        res.write(y);
    }
}

template <class data_T, class res_T, class CONFIG, class weight_T>
void token_mix(data_T *data, res_T *res, weight_T *weights) {
#pragma HLS INLINE
Rows:
    for (unsigned row = 0; row < CONFIG::rows; row++) {
#pragma HLS UNROLL
        for (unsigned n = 0; n < CONFIG::width; n++) {
#pragma HLS UNROLL
            typename CONFIG::acc_t sum = 0;
            for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
                sum += weights[row * CONFIG::tokens + token] * data[token * CONFIG::width + n];
            }
            res[row * CONFIG::width + n] = CONFIG::apply(sum, row, n);
        }
    }
}

} // namespace hwflow

#endif
