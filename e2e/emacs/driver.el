;;; driver.el --- what the tests ask an Emacs for  -*- lexical-binding: t -*-

;;; Commentary:
;; Loaded into an Emacs that runs, after its init file.  What is used is what a person at that Emacs uses: the commands and the
;; functions that Emacs itself calls for a hint, a completion or a list of mistakes.

;;; Code:
(require 'eglot)
(require 'flymake)

;; nobody is there to be asked
(setq eglot-confirm-server-initiated-edits nil
      create-lockfiles nil
      make-backup-files nil)

(defun driver-run (file form)
  "Return what FORM gives in the buffer of FILE, as JSON in base64: emacsclient shows letters in its own way."
  (base64-encode-string
   (encode-coding-string
    (json-serialize
     (condition-case problem
         (progn
           (switch-to-buffer (or (find-buffer-visiting file) (error "%s is not open" file)))
           (list :value (eval form t)))
       (error (list :problem (error-message-string problem)))))
    'utf-8)
   t))

(defun driver-managed ()
  "Return the process of the language server of this buffer, \"\" if there is none (yet)."
  (let ((server (eglot-current-server)))
    (if (and server (jsonrpc-running-p server) (eglot-managed-p))
        (number-to-string (process-id (jsonrpc--process server)))
      "")))

(defun driver-goto (text)
  "Go behind the first place where TEXT stands."
  (goto-char (point-min))
  (search-forward text))

(defun driver-hover (text)
  "Return the hint that Emacs has for what ends TEXT."
  (driver-goto text)
  (backward-char)
  (let (told)
    (eglot-hover-eldoc-function (lambda (hint &rest _) (setq told (format "%s" hint))))
    (with-timeout (30 "")
      (while (not told)
        (accept-process-output nil 0.05))
      told)))

(defun driver-mistakes ()
  "Return the mistakes that Emacs shows in this buffer."
  (flymake-start)
  (mapconcat #'flymake-diagnostic-text (flymake-diagnostics) "\n"))

(defun driver-completions (text)
  "Return the words that Emacs offers behind TEXT, one a line."
  (driver-goto text)
  (pcase (eglot-completion-at-point)
    (`(,from ,to ,table . ,more)
     (mapconcat #'string-trim
                (all-completions (buffer-substring from to) table (plist-get more :predicate))
                "\n"))
    (_ "")))

(defun driver-replace (old new)
  "Put NEW in the place of OLD, and tell the server at once instead of when nobody types."
  (driver-goto old)
  (replace-match new t t)
  (eglot--signal-textDocument/didChange)
  "")

;;; driver.el ends here
