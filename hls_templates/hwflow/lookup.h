// For each token the row of a table of CONFIG::rows rows of CONFIG::width elements: an embedding.
//
// Beat in: one number, CONFIG::tokens a frame. A number without a row takes the nearest.
#ifndef HWFLOW_LOOKUP_H_
#define HWFLOW_LOOKUP_H_

#include "hls_stream.h"

namespace hwflow {

template <class CONFIG, class token_T> unsigned lookup_row(const token_T &x) {
#pragma HLS INLINE
    const unsigned row = x < 0 ? 0u : unsigned(hwflow::address(x).to_uint());
    return row < CONFIG::rows ? row : CONFIG::rows - 1;
}

template <class data_T, class res_T, class CONFIG, class table_T>
void lookup(hls::stream<data_T> &data, hls::stream<res_T> &res, table_T *table) {
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = 1
        const unsigned row = lookup_row<CONFIG>(data.read()[0]);
        res_T y;
        for (unsigned n = 0; n < CONFIG::width; n++)
            y[n] = table[row * CONFIG::width + n];
        res.write(y);
    }
}

template <class data_T, class res_T, class CONFIG, class table_T>
void lookup(data_T *data, res_T *res, table_T *table) {
#pragma HLS INLINE
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
        const unsigned row = lookup_row<CONFIG>(data[token]);
        for (unsigned n = 0; n < CONFIG::width; n++)
            res[token * CONFIG::width + n] = table[row * CONFIG::width + n];
    }
}

} // namespace hwflow

#endif
