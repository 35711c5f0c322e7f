// Balanced trees over an array of compile-time length.
#ifndef HWFLOW_REDUCE_H_
#define HWFLOW_REDUCE_H_

namespace hwflow {

template <class out_T, unsigned N> struct Tree {
    template <class in_T> static out_T sum(const in_T *x) {
#pragma HLS INLINE
        return out_T(Tree<out_T, N / 2>::sum(x) + Tree<out_T, N - N / 2>::sum(x + N / 2));
    }
    template <class in_T> static out_T max(const in_T *x) {
#pragma HLS INLINE
        const out_T left = Tree<out_T, N / 2>::max(x);
        const out_T right = Tree<out_T, N - N / 2>::max(x + N / 2);
        return left < right ? right : left;
    }
};

template <class out_T> struct Tree<out_T, 1> {
    template <class in_T> static out_T sum(const in_T *x) {
#pragma HLS INLINE
        return out_T(x[0]);
    }
    template <class in_T> static out_T max(const in_T *x) {
#pragma HLS INLINE
        return out_T(x[0]);
    }
};

} // namespace hwflow

#endif
