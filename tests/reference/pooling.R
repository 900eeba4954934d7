# Rubin's rules by R's mice package.
# Run in this folder: Rscript pooling.R  (writes pooling_R.csv)
suppressPackageStartupMessages(library(mice))
q <- c(5.1, 4.7, 5.6, 5.0, 4.9, 5.3, 5.8, 4.6, 5.2, 5.4)
u <- c(0.31, 0.28, 0.35, 0.30, 0.29, 0.33, 0.36, 0.27, 0.32, 0.30)
made <- list()
for (dfcom in c(1e9, 29, 5)) for (m in c(3, 10)) for (scale in c(1, 0.05)) {
  p <- pool.scalar(q[1:m], u[1:m] / scale, n = if (dfcom > 1e8) Inf else dfcom + 1, k = 1)
  made[[length(made) + 1]] <- data.frame(
    estimates = paste(q[1:m], collapse = " "), variances = paste(u[1:m] / scale, collapse = " "), dfcom = dfcom,
    qbar = p$qbar, t = p$t, r = p$r, df = p$df, fmi = p$fmi)
}
out <- do.call(rbind, made)
for (col in c("qbar", "t", "r", "df", "fmi")) out[[col]] <- sprintf("%.15g", out[[col]])
file <- file("pooling_R.csv", "w", encoding = "UTF-8")
writeLines(c("# Made by pooling.R; do not edit.",
             paste0("# ", R.version.string, "; mice ", packageVersion("mice"), "; ", Sys.Date())), file)
write.csv(out, file, row.names = FALSE, quote = FALSE)
close(file)
